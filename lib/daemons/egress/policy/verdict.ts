import { DENIAL_STATUS, type DenialReason } from '../http/reasons.ts';
import type { GatedRepo } from './gated-repo.ts';
import type { Rule } from './policy.ts';

/** Remedy when only the client is at fault. */
export const FIX_CLIENT = 'Fix the client; the same request will be refused again.';

export interface Denial {
  readonly allow: false;
  readonly code: DenialReason;
  readonly status: number;
  /** What was wrong, one sentence. */
  readonly reason: string;
  /** What the agent or the operator can do about it, one sentence. */
  readonly remedy: string;
  /** Host, if it could be parsed, else `null`. */
  readonly host: string | null;
  /** The route that refused it; `null` when no route was found. */
  readonly rule: string | null;
}

export interface Admission {
  readonly allow: true;
  readonly rule: Rule;
  /** The requested host; the rule's may be a wildcard. */
  readonly host: string;
  readonly port: number;
  /** Canonical path; empty for CONNECT. */
  readonly path: string;
  /** The path to forward, where it differs from `path` in how an encoded slash is spelled. */
  readonly sentPath?: string | undefined;
  /** From `?` on, without the agent's own value of a credential; empty when there is none. */
  readonly query: string;
  /** Whether it is a git LFS batch: its body must prove that it downloads. */
  readonly isLfsBatch: boolean;
  /** The repository behind the git gate that such a batch is for. */
  readonly gated?: GatedRepo | undefined;
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
