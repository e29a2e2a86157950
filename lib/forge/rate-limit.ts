import type { Answer, Headers } from './exchange.ts';

/** Whether the forge refuses the request only for now. GitHub says so with 403 as well as with 429. */
export function isRateLimited({ status, headers }: Answer): boolean {
  if (status === 429) return true;
  return status === 403 && (headers('retry-after') !== undefined || headers('x-ratelimit-remaining') === '0');
}

/** Returns how many milliseconds the forge asks to wait; undefined when it does not say. */
export function requestedWait(headers: Headers, now = Date.now()): number | undefined {
  const after = headers('retry-after');
  if (after !== undefined && /^\d+$/.test(after)) return Number(after) * 1000;
  const at = after === undefined ? resetTime(headers) : Date.parse(after);
  return at === undefined || Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** GitHub's and GitLab's header, in seconds since 1970. */
function resetTime(headers: Headers): number | undefined {
  const reset = headers('x-ratelimit-reset') ?? headers('ratelimit-reset');
  return reset === undefined ? undefined : Number(reset) * 1000;
}
