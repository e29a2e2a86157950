import * as z from 'zod';
import { MAX_ANSWER } from './limits.ts';
import { proposalId } from './proposal-id.ts';
import { tokenAllowRequest } from './request.ts';

/**
 * The protocol of supervise's socket (`CONTAINER_PATHS.superviseControl`): egress sends one JSON line about a request that
 * it holds, and is sent `heldNotice` once the proposal is written, and at last `heldAnswer`. Egress that hangs up has given
 * the request up; the proposal stays.
 */

/** Characters of a line. */
export const MAX_HELD_LINE = 64 * 1024;

export const heldQuestion = tokenAllowRequest;

/** The proposal that the person sees. */
export const heldNotice = z.strictObject({ state: z.literal('waiting'), id: proposalId });

export const heldAnswer = z.discriminatedUnion('state', [
  /** The person's approval is in force: egress finds it in its own routes file, and believes that alone. */
  z.strictObject({ state: z.literal('approved'), id: proposalId }),
  z.strictObject({ state: z.literal('rejected'), id: proposalId, reason: z.string().max(MAX_ANSWER) }),
  /** Approved, but it could not be put in force. */
  z.strictObject({ state: z.literal('failed'), id: proposalId, reason: z.string().max(MAX_ANSWER) }),
  /** Nobody decided in time. */
  z.strictObject({ state: z.literal('expired'), id: proposalId }),
  /** Nobody watches the queue. The proposal can be decided until it expires; UTC, ISO 8601. */
  z.strictObject({ state: z.literal('unwatched'), id: proposalId, expires: z.iso.datetime() }),
  /** The bottle runs without a person. */
  z.strictObject({ state: z.literal('unattended') }),
  /** The person is not asked, for `reason`: a sentence. */
  z.strictObject({ state: z.literal('refused'), reason: z.string().max(MAX_ANSWER) }),
]);
export type HeldAnswer = z.infer<typeof heldAnswer>;
