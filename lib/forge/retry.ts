import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleError } from '../errors.ts';

/** How long a forge is waited for. */
export interface Patience {
  readonly connectMs: number;
  /** For one request and its response. */
  readonly totalMs: number;
  readonly tries: number;
  /** Before the second try; doubles with each. */
  readonly backoffMs: number;
  /** The longest wait that a server may ask for. */
  readonly maxWaitMs: number;
}

export const PATIENCE: Patience = {
  connectMs: 10_000,
  totalMs: 20_000,
  tries: 3,
  backoffMs: 1_000,
  maxWaitMs: 30_000,
};

/** A try that came to an end, or one that may be repeated, after the time that the server asked for. */
export type Try<T> =
  | { readonly value: T }
  | { readonly failure: BottleError; readonly afterMs?: number | undefined };

/** Repeats `attempt` while it may be. @throws BottleError the last failure; whatever `attempt` throws. */
export async function withRetries<T>(
  attempt: () => Promise<Try<T>>,
  { tries, backoffMs, maxWaitMs }: Patience,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    const result = await attempt();
    if ('value' in result) return result.value;
    const waitMs = result.afterMs ?? backoffMs * 2 ** (count - 1);
    if (count >= tries || waitMs > maxWaitMs) throw result.failure;
    await sleep(waitMs, undefined, { signal });
  }
}
