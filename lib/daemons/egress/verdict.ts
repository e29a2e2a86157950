import type { Rule } from './policy.ts';

/** Every reason for which egress refuses by policy, and the HTTP status that goes with it. */
export const DENIAL_STATUS = {
  'target-invalid': 400,
  'host-invalid': 400,
  'host-header-invalid': 400,
  'headers-too-many': 431,
  'method-refused': 405,
  'host-unlisted': 403,
  'port-refused': 403,
  'plaintext-refused': 403,
  'host-mismatch': 421,
  'token-missing': 403,
  'upgrade-refused': 501,
} as const;

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
}

export interface Admission {
  readonly allow: true;
  readonly rule: Rule;
  readonly port: number;
  /** Path and query for the request line upstream; empty for CONNECT. */
  readonly path: string;
}

export type Verdict = Admission | Denial;

export function deny(code: DenialCode, host: string | null, reason: string, remedy: string): Denial {
  return { allow: false, code, status: DENIAL_STATUS[code], reason, remedy, host };
}
