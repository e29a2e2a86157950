import { execa } from 'execa';
import { BottleError } from '../errors.ts';

/** Variables of the operator that git needs; others, such as GIT_DIR in a hook, would point it elsewhere. */
const KEPT_VARIABLES = [
  ...['PATH', 'HOME', 'TMPDIR', 'XDG_CONFIG_HOME', 'LANG', 'LC_ALL'],
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'],
];

/** Runs nothing that a repository configures, and never writes to an index only to refresh it. */
const SAFE_OPTIONS = [
  '--no-pager',
  '--no-replace-objects',
  '--no-optional-locks',
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'color.ui=false'],
  ...['-c', 'submodule.recurse=false'],
  ...['-c', 'fetch.recurseSubmodules=false'],
  ...['-c', 'gc.auto=0'],
  ...['-c', 'maintenance.auto=false'],
];

/** Bytes. The most that git may allocate at once for objects of a guest: a delta may ask for far more than its pack has. */
const ALLOCATION_LIMIT = '1g';

export interface GitOptions {
  /** The whole standard input. */
  readonly input?: string | Uint8Array;
  /** More variables, such as GIT_INDEX_FILE. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Returns the command line of git in `directory`, and the environment to run it with. */
export function gitCommand(
  directory: string,
  args: readonly string[],
): { program: 'git'; args: string[]; env: Record<string, string> } {
  const kept = KEPT_VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const env = { GIT_TERMINAL_PROMPT: '0', GIT_ALLOC_LIMIT: ALLOCATION_LIMIT, GIT_EDITOR: 'true' };
  return {
    program: 'git',
    args: [...SAFE_OPTIONS, '-C', directory, ...args],
    env: { ...Object.fromEntries(kept), ...env },
  };
}

/**
 * Runs the host's git in `directory`. A non-zero exit code is a result, not an error.
 * @throws BottleError `git-failed` when there is no git.
 */
export async function tryGit(
  directory: string,
  args: readonly string[],
  { input, env, signal }: GitOptions = {},
): Promise<GitResult> {
  const command = gitCommand(directory, args);
  const result = await execa(command.program, command.args, {
    ...{ reject: false, encoding: 'buffer', stripFinalNewline: false, extendEnv: false },
    env: { ...command.env, ...env },
    maxBuffer: { stderr: 1_000_000, stdout: 1_000_000_000 },
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (result.code === 'ENOENT' && result.exitCode === undefined) {
    throw new BottleError('git-failed', '`git` is not on the PATH', { hint: 'Install git.' });
  }
  return {
    exitCode: result.exitCode ?? 1,
    stdout: Buffer.from(result.stdout),
    stderr: Buffer.from(result.stderr).toString(),
  };
}

/** Runs the host's git. @returns its output, as bytes: names may be in any encoding. @throws BottleError `git-failed` */
export async function gitBytes(
  directory: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<Buffer> {
  const result = await tryGit(directory, args, options);
  if (result.exitCode === 0) return result.stdout;
  throw gitError(directory, args, result);
}

/** Runs the host's git. @returns its output as text, without the last line's end. @throws BottleError `git-failed` */
export async function git(
  directory: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  return (await gitBytes(directory, args, options)).toString().replace(/\n$/, '');
}

export function gitError(
  directory: string,
  args: readonly string[],
  { exitCode, stderr }: Pick<GitResult, 'exitCode' | 'stderr'>,
): BottleError {
  const said = stderr.trim().split('\n').slice(-5).join('\n') || 'no output';
  return new BottleError('git-failed', `git ${args[0]} failed in ${directory} (exit ${exitCode}): ${said}`);
}
