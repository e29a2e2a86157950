import { z } from 'zod';
import { capabilityFault } from '../daemons/contract/supervise/capability-lines.ts';
import { TEXT_LIMITS } from '../daemons/contract/supervise/limits.ts';
import { proposalId } from '../daemons/contract/supervise/proposal-id.ts';

/** Lines that are added to the image of an agent, and who approved them. */
export const capability = z.strictObject({
  /** Of the proposal; unique within its bottle. */
  id: proposalId,
  /** Slug of the bottle whose agent asked. */
  bottle: z.string().min(1).max(64),
  /** As approved: instructions of a Dockerfile. */
  lines: z
    .string()
    .max(TEXT_LIMITS.dockerfile)
    .superRefine((text, context) => {
      const message = capabilityFault(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }),
  /** The agent's words. */
  reason: z.string().max(TEXT_LIMITS.reason),
  /** When it was approved; UTC, ISO 8601. */
  at: z.iso.datetime(),
  /** User of the host. */
  by: z.string().min(1).max(64),
});
export type Capability = z.infer<typeof capability>;

/** What one agent can have at most; each is a build of its own. */
export const MAX_CAPABILITIES = 20;
