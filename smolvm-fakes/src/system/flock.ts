import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { HELPER_ENVIRONMENT } from './run.ts';

/** Takes an exclusive flock on `file`, waiting for it. Released by disposal or by this process's death. */
export async function lock(file: string): Promise<AsyncDisposable> {
  const held = await acquire(file, []);
  if (held === undefined) throw new Error(`cannot lock ${file}`);
  return held;
}

/** Like {@link lock}, but returns undefined at once when another process holds it. */
export function tryLock(file: string): Promise<AsyncDisposable | undefined> {
  return acquire(file, ['--nonblock']);
}

/** A child holds the lock until our end of a pipe closes, so it is released however this process dies. */
async function acquire(file: string, flags: readonly string[]): Promise<AsyncDisposable | undefined> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = spawn('flock', ['--exclusive', ...flags, file, '/bin/sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: HELPER_ENVIRONMENT,
  });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const held = await new Promise<boolean>((resolve, reject) => {
    holder.once('error', reject);
    holder.stdout.once('data', () => resolve(true));
    holder.once('close', () => resolve(false));
  });
  if (!held) return undefined;
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
    },
  };
}
