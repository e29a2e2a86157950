import { z } from 'zod';

/** What a holder is asked to do, as its first message. */
export const holdRequest = z.strictObject({
  slug: z.string(),
  /** Whether it is the bottle's new owner, which takes the bottle down when the session has ended. */
  owns: z.boolean(),
  /** Whether the bottle's state is kept for `make learn`. */
  learns: z.boolean(),
  request: z.strictObject({
    prompt: z.string().optional(),
    format: z.enum(['text', 'json']),
    timeoutMs: z.number().optional(),
    resume: z.boolean(),
  }),
});
export type HoldRequest = z.infer<typeof holdRequest>;

/** What a holder answers once the session has started. */
export const STARTED = 'started';
