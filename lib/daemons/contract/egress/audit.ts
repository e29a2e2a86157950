import * as z from 'zod';
import { auditGap } from '../audit-files.ts';
import { proposalId } from '../supervise/proposal-id.ts';

/** How much egress writes down. 0: what policy refused; 1: also what failed; 2: everything, and harmless headers. */
export const auditLevel = z.literal([0, 1, 2]);
export type AuditLevel = z.infer<typeof auditLevel>;

/** Stands for a path, or for labels of a host, that hold what looks like a secret. */
export const WITHHELD = '[withheld]';

/** Characters. What is longer is cut, and ends in `…`. */
export const AUDIT_LIMITS = { method: 32, host: 255, path: 1024, headerValue: 200 } as const;

const count = z.number().int().nonnegative();
const text = (longest: number) => z.string().max(longest + 1);

/** Values of harmless headers alone, name in lower case. */
const headers = z.record(z.string().max(64), text(AUDIT_LIMITS.headerValue));

/** What became of the question whether a request with secrets in it may leave. */
const held = z.strictObject({
  /**
   * `approved`, `rejected`, `failed`, `expired`: as the person decided, or did not; `unwatched`: nobody watched;
   * `gone`: the agent did not wait; `refused`, `full`, `unreachable`: nobody could be asked.
   */
  outcome: z.enum([
    ...(['approved', 'rejected', 'failed', 'expired', 'unwatched'] as const),
    ...(['gone', 'refused', 'full', 'unreachable'] as const),
  ]),
  /** By which it was let out or refused; `null` where none was made. */
  proposal: proposalId.nullable(),
  /** Milliseconds that it waited; 0 for what was approved before. */
  ms: count,
});
export type Held = z.infer<typeof held>;

/** One line: a CONNECT that was refused or came to nothing, or a request, written when its answer has ended. */
export const auditEntry = z.strictObject({
  /** When it ended; UTC, ISO 8601. */
  time: z.iso.datetime(),
  /** Slug; `null` where egress runs alone. */
  bottle: z.string().max(64).nullable(),
  /** `allow`: answered by the upstream; `deny`: refused by policy; `fail`: allowed, but not answered in whole. */
  verdict: z.enum(['allow', 'deny', 'fail']),
  /** Code of the refusal or the failure; `null` when there was none. */
  reason: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/)
    .nullable(),
  /** Host of the route that applied. */
  rule: text(AUDIT_LIMITS.host).nullable(),
  /** What the guest spoke. */
  protocol: z.enum(['connect', 'http/1.1', 'h2', 'websocket']),
  /** `https`: in a tunnel, or to open one; `http`: in plain text. */
  scheme: z.enum(['http', 'https']),
  method: text(AUDIT_LIMITS.method),
  /** `null` when the target was no DNS name. */
  host: text(AUDIT_LIMITS.host).nullable(),
  port: z.number().int().min(1).max(65535).nullable(),
  /** Canonical where it has such a form, without the query; `null` for CONNECT. */
  path: text(AUDIT_LIMITS.path).nullable(),
  /** What the guest was answered; 499 when it went away first. */
  status: z.number().int().min(100).max(599),
  /** Bytes of the request's body that the guest sent. */
  sent: count,
  /** Bytes of the answer's body that the guest was sent. */
  received: count,
  /** Milliseconds from the request's head to the end of the answer. */
  ms: count,
  /** Kinds of secrets that were found, never one. */
  secrets: z.array(z.string().max(64)).optional(),
  /** Written at every level. Of several messages of a WebSocket, the last. */
  held: held.optional(),
  /** The policy that judged it. */
  generation: count,
  /** At level 2 alone. */
  headers: z.strictObject({ request: headers, response: headers }).optional(),
});

/** `audit.NNNNNN.jsonl`: one of these a line. Every line is ASCII: nothing in one can act on a terminal. */
export const auditLine = z.union([auditEntry, auditGap]);

export type AuditEntry = z.infer<typeof auditEntry>;
