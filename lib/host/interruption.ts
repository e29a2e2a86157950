import { AsyncLocalStorage } from 'node:async_hooks';

/** Milliseconds that a call gets to end which changes something, once a person has pressed Ctrl-C. */
const CHANGE_GRACE_MS = 10_000;

const scope = new AsyncLocalStorage<AbortSignal | undefined>();

/** Runs work whose calls of docker and smolvm end soon after `signal` is aborted, if they hang. */
export function interruptible<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return scope.run(signal, work);
}

/** Runs work that interruptions do not disturb: what takes a bottle down. */
export function undisturbed<T>(work: () => Promise<T>): Promise<T> {
  return scope.run(undefined, work);
}

export interface Interruption {
  /** Aborted when the call has to end. */
  readonly signal: AbortSignal;
  /** Must be called when the call has ended. */
  end(): void;
}

/**
 * Returns when a call that begins now has to end because of an interruption: one that only asks, at once; any other, after
 * ten seconds, since half a change is harder to undo. Calls that begin after the interruption clean up, and are not ended.
 */
export function interruptionOf(call: { readonly isQuestion: boolean }): Interruption | undefined {
  const interrupted = scope.getStore();
  if (interrupted === undefined || interrupted.aborted) return undefined;
  const own = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const abort = () => own.abort(interrupted.reason);
  const onInterrupted = () => {
    if (call.isQuestion) abort();
    else timer = setTimeout(abort, CHANGE_GRACE_MS);
  };
  interrupted.addEventListener('abort', onInterrupted, { once: true });
  const end = () => {
    interrupted.removeEventListener('abort', onInterrupted);
    clearTimeout(timer);
  };
  return { signal: own.signal, end };
}
