import * as z from 'zod';
import { auditGap } from '../audit-files.ts';
import { verdict } from './decision.ts';
import { proposalId } from './proposal-id.ts';
import { superviseRequest } from './request.ts';

const about = {
  /** When the line was written; UTC, ISO 8601. */
  time: z.iso.datetime(),
  /** Slug. */
  bottle: z.string().max(64),
  id: proposalId,
  request: superviseRequest,
  /** How often it was asked for until then. */
  count: z.int().positive(),
};

/** The host saw the proposal for the first time. */
const proposed = z.strictObject({ ...about, event: z.literal('proposed'), created: z.iso.datetime() });

const decided = z.strictObject({
  ...about,
  event: z.literal('decided'),
  /** User of the host; `null` for what expired. */
  by: z.string().min(1).max(64).nullable(),
  verdict,
  /** Milliseconds that it waited. */
  waited: z.int().nonnegative(),
  /** What changes in the effective routes, as lines of a diff; empty for what changes none. */
  change: z.array(z.string().max(4096)).max(1000),
});

/** The bottle was removed, and nobody had decided. */
const ended = z.strictObject({
  ...about,
  event: z.literal('ended'),
  /** Milliseconds that it waited. */
  waited: z.int().nonnegative(),
});

export const superviseAuditEntry = z.discriminatedUnion('event', [proposed, decided, ended]);
export type SuperviseAuditEntry = z.infer<typeof superviseAuditEntry>;

/** `supervise.NNNNNN.jsonl`: one of these a line. */
export const superviseAuditLine = z.union([superviseAuditEntry, auditGap]);
