import * as z from 'zod';
import { proposalId } from './proposal-id.ts';
import { superviseRequest } from './request.ts';

/** `p-xxxxxx.json`: written by the daemon, and replaced when the same is asked for again. */
export const proposal = z.strictObject({
  version: z.literal(1),
  id: proposalId,
  /** Slug. */
  bottle: z.string().max(64),
  /** UTC, ISO 8601, by the clock of the bundle. */
  created: z.iso.datetime(),
  /** When it lapses without a decision. */
  expires: z.iso.datetime(),
  /** How often it was asked for while it was pending. */
  count: z.int().positive(),
  /** Whether the agent has been told the decision. Until then, asking for the same again finds this proposal. */
  told: z.boolean(),
  request: superviseRequest,
});
export type Proposal = z.infer<typeof proposal>;
