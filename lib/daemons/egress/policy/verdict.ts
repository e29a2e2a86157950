import { DENIAL_STATUS, type DenialReason } from '../http/reasons.ts';
import type { Rule } from './policy.ts';

/** Remedy where only the client is at fault. */
export const FIX_CLIENT = 'Fix the client; the same request will be refused again.';

export interface Denial {
  readonly allow: false;
  readonly code: DenialReason;
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
  code: DenialReason,
  host: string | null,
  reason: string,
  remedy: string,
  rule?: Rule,
): Denial {
  return { allow: false, code, status: DENIAL_STATUS[code], reason, remedy, host, rule: rule?.host ?? null };
}
