import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Bytes of each output that are kept where nobody streams it. */
const MAX_OUTPUT = 16 * 1024 * 1024;
const MAX_ERRORS = 64 * 1024;

/** Milliseconds that git has to remove its lock files and end. */
const GRACE_MS = 3000;

export interface GitOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds after which git, and all that it started, is ended. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly input?: string | undefined;
}

export interface GitResult {
  /** `null`: it was ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  /** The last of it. */
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** A git that did not do what it was asked. The message holds what it said. */
export class GitFault extends Error {}

export interface RunningGit {
  readonly stdout: Readable;
  /** Settles when git is gone; rejects only when it could not be started. */
  readonly done: Promise<Omit<GitResult, 'stdout'>>;
  stop(): void;
}

/** Starts git in a process group of its own. Whoever streams its output must read all of it, or stop it. */
export function startGit(args: readonly string[], options: GitOptions & { stdin?: Readable }): RunningGit {
  const { environment, timeoutMs, signal, input, stdin } = options;
  const child = spawn('git', args, {
    env: { ...environment },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  let timedOut = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_ERRORS);
  });
  let isOver = false;
  const stop = () => {
    const signalAll = (name: NodeJS.Signals) => {
      if (!isOver) signalGroup(child.pid, name);
    };
    // Politely first, so that git removes its lock files.
    signalAll('SIGTERM');
    setTimeout(signalAll, GRACE_MS, 'SIGKILL').unref();
  };
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, timeoutMs);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  // It may end without reading everything; who writes for it then ends too.
  child.stdin.on('error', () => stdin?.destroy());
  if (stdin === undefined) child.stdin.end(input ?? '');
  else stdin.pipe(child.stdin);

  const { promise: done, resolve, reject } = Promise.withResolvers<Omit<GitResult, 'stdout'>>();
  child.once('error', reject);
  child.once('close', (code) => {
    isOver = true;
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    resolve({ code, stderr, timedOut });
  });
  // Where nobody waits for it, its failure shows as the end of its output.
  done.catch(() => {});
  return { stdout: child.stdout, done, stop };
}

/** Runs git to its end. @throws Error when it cannot be started; GitFault when it says too much. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const git = startGit(args, options);
  let stdout = '';
  for await (const chunk of git.stdout.setEncoding('utf8')) {
    stdout += String(chunk);
    if (stdout.length <= MAX_OUTPUT) continue;
    git.stop();
    throw new GitFault(`git ${args.find((word) => /^[a-z]/.test(word)) ?? ''} said too much`);
  }
  return { ...(await git.done), stdout };
}

/** Runs git and returns its output. @throws GitFault when it fails. */
export async function gitOutput(args: readonly string[], options: GitOptions): Promise<string> {
  const { code, stdout, stderr, timedOut } = await runGit(args, options);
  if (code === 0) return stdout;
  throw new GitFault(timedOut ? `git took more than ${options.timeoutMs / 1000} s` : stderr.trim());
}

function signalGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group === undefined) return;
  try {
    process.kill(-group, signal);
  } catch {
    // It is gone already.
  }
}
