import * as z from 'zod';
import { auditGap } from '../audit-files.ts';
import { repoName } from './repos.ts';

/** What is longer or more is cut. Characters of one text, and entries of one list. */
export const GIT_AUDIT_LIMITS = { text: 300, refs: 50, faults: 20 } as const;

const count = z.number().int().nonnegative();
const text = z.string().max(GIT_AUDIT_LIMITS.text + 1);
const id = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);

const auditedRef = z.strictObject({
  /** `null` for a fetched commit that no branch or tag is at. */
  ref: text.nullable(),
  /** What it was before a push; `null` for none. */
  old: id.nullable(),
  /** What it is after a push, or what was fetched; `null` for none. */
  new: id.nullable(),
  /** Whether upstream took this change of a push; `null` where it was not asked. */
  taken: z.boolean().nullable(),
  /** Upstream's words, where it took it not. */
  said: text.optional(),
});

/** One line: a fetch or a push, written when it has ended, or was refused before it began. */
export const gitAuditEntry = z.strictObject({
  /** When it ended; UTC, ISO 8601. */
  time: z.iso.datetime(),
  /** Slug; `null` where the gate runs alone. */
  bottle: z.string().max(64).nullable(),
  event: z.enum(['fetch', 'push']),
  repo: repoName,
  /** `deny`: refused by the gate; `fail`: by upstream, or nobody knows; `allow`: done. */
  verdict: z.enum(['allow', 'deny', 'fail']),
  /** Why it was refused or failed, where neither a check nor a ref tells. */
  reason: text.nullable(),
  refs: z.array(auditedRef).max(GIT_AUDIT_LIMITS.refs),
  /** How many refs there are beside those. */
  more_refs: count,
  /** Commits of a push that upstream did not have; `null` where they were not counted. */
  commits: count.nullable(),
  /** Each check of a push that was run, with what it found. */
  checks: z
    .array(z.strictObject({ check: z.string().max(64), faults: z.array(text).max(GIT_AUDIT_LIMITS.faults) }))
    .max(16),
  /** Bytes that the agent's git sent, and that it was sent; `null` where nobody knows. */
  sent: count.nullable(),
  received: count.nullable(),
  /** Milliseconds. */
  ms: count,
});

/** `git.NNNNNN.jsonl`: one of these a line. */
export const gitAuditLine = z.union([gitAuditEntry, auditGap]);

export type GitAuditEntry = z.infer<typeof gitAuditEntry>;
export type AuditedRef = z.infer<typeof auditedRef>;
