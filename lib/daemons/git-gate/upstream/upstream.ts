import type { GitOptions } from '../run-git.ts';

/** Where a repository comes from, and how git gets there. */
export interface Upstream {
  readonly name: string;
  readonly url: string;
  /** Variables that let git reach it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Upstream cannot be reached, or does not do as asked. The message repeats what it said. */
export class UpstreamFault extends Error {
  constructor({ name }: Upstream, said: string) {
    super(`upstream of ${name}: ${shortened(said)}`);
  }
}

/** Milliseconds for asking upstream what it has, and for what moves objects. */
export const ASK_MS = 45_000;
export const TRANSFER_MS = 15 * 60_000;

/** Lines that git adds to what ssh said, and that tell nobody anything. */
const NOISE =
  /^(fatal: Could not read from remote repository\.|Please make sure you have|and the repository exists)/;

/** The last lines of what git and ssh said, on one. */
function shortened(said: string): string {
  const told = said.split('\n').map((line) => line.trim());
  const useful = told.filter((line) => line !== '' && !/^@+$/.test(line) && !NOISE.test(line));
  return useful.slice(-6).join('; ') || 'no answer';
}

export function remoteOptions(local: GitOptions, upstream: Upstream, timeoutMs: number): GitOptions {
  return { ...local, environment: { ...local.environment, ...upstream.environment }, timeoutMs };
}
