import { UpstreamTimeoutError } from './upstream-call.ts';

/**
 * Dials within a time limit, after which `signal` is aborted.
 * @throws UpstreamTimeoutError when time is up; whatever `dial` throws.
 */
export async function dialWithin<T>(ms: number, dial: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const reason = new UpstreamTimeoutError('the upstream did not accept the connection');
  const timer = setTimeout(() => late.abort(reason), ms);
  try {
    return await dial(late.signal);
  } catch (error) {
    throw late.signal.aborted ? reason : error;
  } finally {
    clearTimeout(timer);
  }
}
