import { homedir } from 'node:os';
import type { Manifest } from './types.ts';
import { writtenPath } from './written-path.ts';

/** Returns the absolute path of the bottle's own Dockerfile, if it has one. */
export function dockerfileOf(
  { bottle, origins }: Pick<Manifest, 'bottle' | 'origins'>,
  cwd: string = process.cwd(),
  home: string = homedir(),
): string | undefined {
  const written = bottle.provider.dockerfile;
  return written === undefined ? undefined : writtenPath(written, origins.agent_provider, { cwd, home });
}
