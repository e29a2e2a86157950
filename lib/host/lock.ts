import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError } from '../errors.ts';

const POLL_MS = 50;
/** Another connection, in this process or another, holds the lock. */
const SQLITE_BUSY = 5;

export interface LockOptions {
  /** Milliseconds to wait for the lock; unlimited when absent. */
  timeoutMs?: number;
  /** Called once if the lock is taken. */
  onWait?: () => void;
  /** Ends the wait; does not stop work that has started. */
  signal?: AbortSignal;
}

/**
 * Runs `work` while no other caller, in this process or another, holds the lock at `path`.
 *
 * The lock is SQLite's lock on an empty database. The kernel releases it when the process dies, so it is
 * never stale. The file stays, since removing it would allow two holders.
 * @throws BottleError `internal` when the lock is still taken after `timeoutMs`; whatever `work` throws.
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
        hint: 'Another run of the kit is doing the same: wait for it, or stop it.',
      });
    }
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}

/** Returns whether the lock was acquired. */
function begin(database: DatabaseSync): boolean {
  try {
    // Nothing is ever written, so its journal need not be on the disk, which may be full.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
