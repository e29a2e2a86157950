import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { RUNC_ROOT } from '../network/live-guests.ts';
import { RUNTIME_DIRECTORY } from '../paths.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';
import { REAPER, systemCalls } from './reaper.ts';
import { ociProcess, type ProcessRequest } from './spec.ts';

/**
 * Milliseconds to keep reading output after the command ends, if its background children hold the pipes open.
 */
const DRAIN_MS = 250;

/** How a command in the guest ended. */
export type Ending =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: number }
  | { readonly kind: 'not-started' };

export interface GuestProcess {
  /** Null when the command has no standard input. */
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the command has ended and its output has been read. */
  readonly ended: Promise<Ending>;
  kill(): void;
}

/** Runs a command in a running container. Its standard streams are our pipes, never the host's own files. */
export function execInGuest(
  container: string,
  request: Omit<ProcessRequest, 'terminal'>,
  options: { stdin: boolean },
): GuestProcess {
  const pidFile = join(RUNTIME_DIRECTORY, `exec-${randomBytes(8).toString('hex')}.pid`);
  const specification = hiddenFile(JSON.stringify(ociProcess({ ...request, terminal: false })));
  const runc = ['runc', '--root', RUNC_ROOT, 'exec', '--detach', '--pid-file', pidFile];
  const child = spawn(
    'perl',
    ['-e', REAPER, systemCalls().prctl, pidFile, ...runc, '--process', '/proc/self/fd/3', container],
    {
      stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', specification, 'pipe'],
      env: HELPER_ENVIRONMENT,
    },
  );
  closeSync(specification);
  return {
    stdin: child.stdin,
    stdout: readable(child.stdout),
    stderr: readable(child.stderr),
    ended: endingOf(child),
    kill: () => child.kill('SIGTERM'),
  };
}

/** Opens an unlinked file with the given content. Passes values that may be secret, instead of arguments. */
export function hiddenFile(content: string): number {
  const file = join('/dev/shm', `smolvm-fake-${randomBytes(12).toString('hex')}`);
  const descriptor = openSync(file, 'wx+', 0o600);
  unlinkSync(file);
  writeSync(descriptor, content);
  return descriptor;
}

/** Reads a reaper's report from its file descriptor 4. */
export async function endingOf(child: ChildProcess): Promise<Ending> {
  let report = '';
  child.stdio[4]?.on('data', (chunk: Buffer) => {
    report += chunk.toString();
    setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, DRAIN_MS).unref();
  });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, signal] = report.trim().split(' ').map(Number);
  if (report === '' || code === undefined || signal === undefined) return { kind: 'not-started' };
  return signal === 0 ? { kind: 'exited', code } : { kind: 'signalled', signal };
}

function readable(stream: Readable | null): Readable {
  if (stream === null) throw new Error('the child process has no output stream');
  return stream;
}
