import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { gitCommand, gitError } from '../../git/git.ts';
import type { Change } from '../../workspace/changes.ts';
import { diffArguments, withoutAttributes } from '../../workspace/diff-arguments.ts';
import type { Reviewed } from '../../workspace/reviewed.ts';

/** Bytes of paths that go on one command line. */
const PATHS_AT_ONCE = 100_000;

export interface DiffOptions {
  /** Takes some text, as git has it: neither safe to print, nor whole lines. Resolves to false for no more. */
  readonly write: (text: string) => Promise<boolean>;
  /** The only changes to show; all when absent. */
  readonly only?: readonly Change[];
  readonly signal: AbortSignal;
}

/** Writes the text of what changed in all repositories. @throws BottleError `git-failed` */
export async function writeDiff(repositories: readonly Reviewed[], options: DiffOptions): Promise<void> {
  for (const repository of repositories) {
    const changed = options.only?.filter((change) => change.in === repository);
    const batches = changed === undefined ? [[]] : inBatches(changed.map(({ path }) => path));
    for (const paths of batches) {
      if (!(await writeOne(repository, paths, options))) return;
    }
  }
}

async function writeOne(
  { directory, prefix, base, result }: Reviewed,
  paths: readonly string[],
  { write, signal }: DiffOptions,
): Promise<boolean> {
  const prefixes = [`--src-prefix=a/${prefix}`, `--dst-prefix=b/${prefix}`];
  const args = [...diffArguments, '--find-renames', ...prefixes, base, result, '--', ...paths];
  return withoutAttributes(directory, async (empty, env) => {
    const command = gitCommand(empty, args);
    const child = spawn(command.program, command.args, {
      env: { ...command.env, GIT_LITERAL_PATHSPECS: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    const ended = once(child, 'close');
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-10_000);
    });
    for await (const text of child.stdout.setEncoding('utf8')) {
      if (await write(text)) continue;
      child.kill();
      return false;
    }
    const [exitCode] = await ended;
    if (exitCode !== 0) throw gitError(directory, args, { exitCode: exitCode ?? 1, stderr });
    return true;
  });
}

function inBatches(paths: readonly string[]): string[][] {
  const batches: string[][] = [];
  let room = 0;
  for (const path of paths) {
    room -= Buffer.byteLength(path) + 1;
    if (room < 0) {
      batches.push([]);
      room = PATHS_AT_ONCE;
    }
    batches.at(-1)?.push(path);
  }
  return batches;
}
