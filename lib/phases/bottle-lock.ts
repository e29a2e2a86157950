import { join } from 'node:path';
import { z } from 'zod';
import { assertSlug } from '../bottle/slug.ts';
import { homeDirectory } from '../host/directories.ts';
import { writeAtomically } from '../host/files.ts';
import { withLock } from '../host/lock.ts';
import { identifyProcess, isProcessAlive, processIdentity } from '../host/process-identity.ts';
import { readJson } from '../host/read-json.ts';

/** Set for the phases that `up` starts, which holds the lock for them. */
export const LOCK_HELD_ENV = 'BOT_BOTTLE_LOCK_HELD';

const TIMEOUT_MS = 10 * 60_000;

/** Outside the bottle's directory, which goes while others wait for the lock. */
function lockPath(slug: string, ending: string): string {
  assertSlug(slug);
  return join(homeDirectory(), 'locks', `${slug}.${ending}`);
}

/** What is done with a bottle: `acquire` can be interrupted, `release` never is. */
export type Purpose = 'acquire' | 'release';

export interface BottleLockOptions {
  readonly purpose: Purpose;
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
}

const holder = processIdentity.extend({ purpose: z.enum(['acquire', 'release']) });

/**
 * Runs what must not happen to a bottle at the same time: what acquires for it, and what takes it down. Others wait, in
 * this and other processes.
 * @throws BottleError `internal` after 10 minutes.
 */
export async function withBottleLock<T>(
  slug: string,
  { purpose, ...options }: BottleLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (process.env[LOCK_HELD_ENV] === slug) return work();
  const held = async () => {
    const identity = await identifyProcess(process.pid);
    const text = JSON.stringify({ ...identity, purpose });
    // Without it nobody can end us early, which a full disk is no reason not to work for.
    await writeAtomically(lockPath(slug, 'json'), text).catch(() => {});
    return work();
  };
  return withLock(lockPath(slug, 'db'), held, { timeoutMs: TIMEOUT_MS, ...options });
}

/** Ends the process that is acquiring something for a bottle, if there is another one, as Ctrl-C would. */
export async function interruptAcquiring(slug: string, say: (line: string) => void): Promise<void> {
  const found = await readJson(lockPath(slug, 'json'), holder).catch(() => undefined);
  if (found === undefined || found.purpose !== 'acquire' || found.pid === process.pid) return;
  const { pid, started } = found;
  if (!(await isProcessAlive({ pid, started })) || !(await isLocked(slug))) return;
  say(`ending process ${pid}, which is bringing it up`);
  process.kill(pid, 'SIGTERM');
}

async function isLocked(slug: string): Promise<boolean> {
  return withLock(lockPath(slug, 'db'), async () => false, { timeoutMs: 0 }).catch(() => true);
}
