import type { Rule } from './policy.ts';

/** Every reason for which egress refuses by policy, and the HTTP status that goes with it. */
export const DENIAL_STATUS = {
  'target-invalid': 400,
  'host-invalid': 400,
  'host-header-invalid': 400,
  'headers-invalid': 400,
  'headers-too-many': 431,
  'version-refused': 505,
  'headers-too-long': 431,
  'expectation-refused': 417,
  'method-refused': 405,
  'host-unlisted': 403,
  'port-refused': 403,
  'plaintext-refused': 403,
  'host-mismatch': 421,
  'token-missing': 403,
  'upgrade-refused': 501,
  'handshake-invalid': 400,
  'path-ambiguous': 400,
  'request-unmatched': 403,
  'git-push-refused': 403,
  'git-fetch-refused': 403,
  'grant-expired': 403,
  'grant-used-up': 403,
  'route-changed': 403,
  'line-injection': 400,
  'secret-found': 403,
  'body-unscannable': 403,
} as const;

/** Remedy where only the client is at fault. */
export const FIX_CLIENT = 'Fix the client; the same request will be refused again.';

export type DenialCode = keyof typeof DENIAL_STATUS;

export interface Denial {
  readonly allow: false;
  readonly code: DenialCode;
  readonly status: number;
  /** What was wrong, one sentence. */
  readonly reason: string;
  /** What the agent or its operator can do about it, one sentence. */
  readonly remedy: string;
  /** Host as far as it could be read, else `null`. */
  readonly host: string | null;
  /** The route that refused it; `null` when no route was found. */
  readonly rule: string | null;
}

export interface Admission {
  readonly allow: true;
  readonly rule: Rule;
  /** The host itself, which the rule's may only be a suffix of. */
  readonly host: string;
  readonly port: number;
  /** Canonical path; empty for CONNECT. */
  readonly path: string;
  /** From `?` on; empty when there is none. */
  readonly query: string;
  /** Whether it asks a git LFS server for the addresses of objects: its body has to show that it fetches. */
  readonly isLfsBatch: boolean;
}

export type Verdict = Admission | Denial;

export function deny(
  code: DenialCode,
  host: string | null,
  reason: string,
  remedy: string,
  rule?: Rule,
): Denial {
  return { allow: false, code, status: DENIAL_STATUS[code], reason, remedy, host, rule: rule?.host ?? null };
}
