import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError } from '../errors.ts';

const POLL_MS = 50;
/** SQLITE_BUSY: another connection, of this process or another, holds the lock. */
const SQLITE_BUSY = 5;

export interface LockOptions {
  /** Milliseconds to wait for the lock; forever when absent. */
  timeoutMs?: number;
  /** Called once, when the lock turns out to be taken. */
  onWait?: () => void;
  /** Ends the wait; work under way is the caller's own to end. */
  signal?: AbortSignal;
}

/**
 * Runs `work` while no other caller, in this process or another, holds the lock of that path.
 *
 * The lock is SQLite's lock on an empty database at `path`: the kernel drops it when its process dies, however
 * it dies, so no lock is ever stale. The file itself stays, since removing it would let two holders in.
 * @throws BottleError `internal` when the lock stays taken for `timeoutMs`; whatever `work` throws.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    await acquire(database, path, options);
    return await work();
  } finally {
    database.close();
  }
}

async function acquire(database: DatabaseSync, path: string, options: LockOptions): Promise<void> {
  const deadline = performance.now() + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
  for (let waited = false; !begin(database); waited = true) {
    if (!waited) options.onWait?.();
    if (performance.now() >= deadline) {
      throw new BottleError('internal', `${path}: still locked after ${options.timeoutMs} ms`, {
        hint: 'Another run of the kit is at work on the same thing: wait for it, or end it.',
      });
    }
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}

/** True when the lock is ours now. */
function begin(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
