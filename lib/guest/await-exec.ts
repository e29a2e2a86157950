import { setTimeout as sleep } from 'node:timers/promises';
import { BottleError } from '../errors.ts';
import type { Bottle } from './bottle.ts';

const TIMEOUT_MS = 30_000;
const TRY_TIMEOUT_MS = 5_000;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 1_000;

/**
 * Repeats a command that does nothing until the guest accepts it. Right after `start`, an exec may fail or be
 * killed (137) while smolvm's own agent starts in the guest.
 * @returns milliseconds from the first try to the first success.
 * @param timeoutMs 30 s when absent
 * @throws BottleError `guest-not-ready` when it does not within that time.
 */
export async function awaitExec(
  bottle: Pick<Bottle, 'slug' | 'exec'>,
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<number> {
  const started = performance.now();
  let last = '';
  for (let delay = FIRST_DELAY_MS; performance.now() - started < timeoutMs; ) {
    signal.throwIfAborted();
    const result = await bottle.exec(['/bin/sh', '-c', ':'], { timeoutMs: TRY_TIMEOUT_MS });
    if (result.exitCode === 0) return Math.round(performance.now() - started);
    last = `exit ${result.exitCode}${result.stderr.trim() === '' ? '' : `: ${result.stderr.trim()}`}`;
    await sleep(delay, undefined, { signal });
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
  }
  throw new BottleError(
    'guest-not-ready',
    `the guest of ${bottle.slug} does not accept commands after ${timeoutMs / 1000} s (${last})`,
    { hint: 'See agent-console.log in the directory that `smolvm machine data-dir` prints.' },
  );
}
