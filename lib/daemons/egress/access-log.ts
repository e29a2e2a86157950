import { MAX_LOGGED_PATH } from './limits.ts';

/** One line of the access log. Holds no header value, no query and no token. */
export interface AccessEntry {
  /** `allow`: forwarded; `deny`: refused by policy; `fail`: allowed, but no answer could be had. */
  readonly verdict: 'allow' | 'deny' | 'fail';
  /** Host of the rule that allowed it, `null` when none did. */
  readonly rule: string | null;
  readonly host: string | null;
  readonly method: string;
  readonly status: number;
  /** Path without query; `null` for CONNECT. */
  readonly path: string | null;
  /** Denial or failure code. */
  readonly reason?: string;
  /** Kinds of secrets that were found, never one. */
  readonly secrets?: readonly string[];
}

export type AccessLog = (entry: AccessEntry) => void;

/** Writes each entry as one JSON line with its time. */
export function jsonAccessLog(write: (line: string) => void): AccessLog {
  return ({ verdict, rule, host, method, status, path, ...rest }) => {
    const time = new Date().toISOString();
    // One order of keys, whatever the order in which the entry was put together.
    write(`${JSON.stringify({ time, verdict, rule, host, method, status, path, ...rest })}\n`);
  };
}

/** The loggable part of a request target: no scheme, host or user info, no query, bounded. */
export function loggablePath(target: string): string | null {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path.slice(0, MAX_LOGGED_PATH) || '/';
}
