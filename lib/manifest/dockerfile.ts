import { homedir } from 'node:os';
import path from 'node:path';
import type { Manifest } from './types.ts';

/**
 * Returns the absolute path of the bottle's own Dockerfile, if it has one. `~` is the operator's home
 * directory. A relative path starts at the operator's working directory or, in the kit's examples, at the
 * file that names it.
 */
export function dockerfileOf(
  { bottle, origins }: Pick<Manifest, 'bottle' | 'origins'>,
  cwd: string = process.cwd(),
  homeDirectory: string = homedir(),
): string | undefined {
  const written = bottle.provider.dockerfile;
  if (written === undefined) return undefined;
  if (written === '~') return homeDirectory;
  if (written.startsWith('~/')) return path.join(homeDirectory, written.slice(2));
  const named = origins.agent_provider;
  return path.resolve(named?.origin === 'examples' ? path.dirname(named.file) : cwd, written);
}
