import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { BottleError } from '../errors.ts';

/** Milliseconds that a call gets to end which changes something, once a person has pressed Ctrl-C. */
const CHANGE_GRACE_MS = 10_000;

interface Scope {
  /** Aborted by the first interruption; undefined for work that interruptions do not end. */
  readonly ends: AbortSignal | undefined;
}

const scope = new AsyncLocalStorage<Scope>();
const interruptions = new EventEmitter<{ interrupted: [] }>().setMaxListeners(0);

/** Must be called at whatever asks this process to end, each signal after the first too. */
export function noteInterruption(): void {
  interruptions.emit('interrupted');
}

/** Runs work that ends when `signal` is aborted, together with its calls of docker and smolvm that hang. */
export function interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return scope.run({ ends: signal }, work);
}

/** Runs work that goes on when it is interrupted, without its calls that hang: what takes a bottle down. */
export function undisturbed<T>(work: () => Promise<T>): Promise<T> {
  return scope.run({ ends: undefined }, work);
}

export interface Interruption {
  /** Aborted when the call has to end. */
  readonly signal: AbortSignal;
  /** Must be called when the call has ended. @throws BottleError `interrupted` when the work has to end with it. */
  end(wasCanceled: boolean): void;
}

/**
 * Returns what ends a call that begins now when a person interrupts: at once when it only asks, and after ten seconds when it
 * changes something, since half a change is harder to undo. A call that begins after the interruption is not ended: it
 * cleans up. For calls without a signal of their own.
 */
export function interruptionOf(call: { readonly isQuestion: boolean }): Interruption | undefined {
  const current = scope.getStore();
  if (current === undefined) return undefined;
  const { ends } = current;
  const own = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onInterrupted = () => {
    if (call.isQuestion && ends !== undefined) own.abort();
    else timer ??= setTimeout(() => own.abort(), CHANGE_GRACE_MS);
  };
  interruptions.once('interrupted', onInterrupted);
  const end = (wasCanceled: boolean) => {
    interruptions.off('interrupted', onInterrupted);
    clearTimeout(timer);
    if (!wasCanceled || ends === undefined) return;
    ends.throwIfAborted();
    throw new BottleError('interrupted', 'interrupted');
  };
  return { signal: own.signal, end };
}
