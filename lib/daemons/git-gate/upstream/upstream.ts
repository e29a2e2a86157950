import type { Mirror } from '../mirror.ts';
import { type GitResult, runGit } from '../run-git.ts';

/** Where a repository comes from, and how git gets there. */
export interface Upstream {
  readonly name: string;
  readonly url: string;
  /** Variables that let git reach it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly times: UpstreamTimes;
  /** Takes what authenticates the gate out of a text. */
  mask(text: string): string;
  /** What to add to what git said. */
  advice(said: string): string | undefined;
}

/** How long upstream may take. */
export interface UpstreamTimes {
  /** Milliseconds for telling what it has. */
  readonly askMs: number;
  /** Milliseconds for what moves objects. */
  readonly transferMs: number;
  /** Seconds without a byte. Most forges say every few seconds that they are at work. */
  readonly idleSeconds: number;
}

export const TIMES: UpstreamTimes = { askMs: 45_000, transferMs: 15 * 60_000, idleSeconds: 120 };

/** Upstream cannot be reached, or does not do as asked. The message repeats what it said. */
export class UpstreamFault extends Error {
  constructor(upstream: Upstream, said: string) {
    const advice = upstream.advice(said);
    super(`upstream of ${upstream.name}: ${[shortened(said), ...(advice ? [advice] : [])].join('; ')}`);
  }
}

/** Lines that git adds to what ssh said, and that tell nobody anything. */
const NOISE =
  /^(fatal: Could not read from remote repository\.|Please make sure you have|and the repository exists)/;

/** What curl says about its own files. */
const FILES = /\.? CAfile: \S+ CRLfile: \S+$/;

/** The last lines of what git and ssh said, on one. */
function shortened(said: string): string {
  const told = said.split('\n').map((line) => line.trim().replace(FILES, ''));
  const useful = told.filter((line) => line !== '' && !/^@+$/.test(line) && !NOISE.test(line));
  return useful.slice(-6).join('; ') || 'no answer';
}

/** Runs git in the mirror with a way upstream. Upstream may repeat what it was sent, so its answers are masked. */
export async function runRemote(
  mirror: Mirror,
  upstream: Upstream,
  args: readonly string[],
  timeoutMs: number,
): Promise<GitResult> {
  const local = mirror.options({ extra: upstream.environment });
  const result = await runGit(mirror.arguments(args), { ...local, timeoutMs });
  return { ...result, stdout: upstream.mask(result.stdout), stderr: upstream.mask(result.stderr) };
}
