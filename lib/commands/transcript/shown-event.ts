import * as z from 'zod';

const about = {
  /** UTC, ISO 8601, by the clock of who wrote it down; null when unknown. */
  time: z.iso.datetime().nullable(),
};
const said = {
  ...about,
  /** Id of the session. */
  session: z.string(),
  /** Name of the subagent's file; null for the agent itself. */
  subagent: z.string().nullable(),
};
/** Connects a call with its result; null when unknown. */
const id = z.string().nullable();

/** One line of `make transcript FLAGS=--json`. Secrets of known kinds are masked in every string. */
export const shownEvent = z.discriminatedUnion('kind', [
  z.strictObject({ ...said, kind: z.literal('message'), who: z.enum(['user', 'agent']), text: z.string() }),
  z.strictObject({ ...said, kind: z.literal('thought'), text: z.string() }),
  z.strictObject({ ...said, kind: z.literal('call'), tool: z.string(), input: z.json(), id }),
  z.strictObject({ ...said, kind: z.literal('result'), text: z.string(), failed: z.boolean(), id }),
  /** What the bundle refused; of the git gate, `target` is a repository and its refs. */
  z.strictObject({
    ...about,
    kind: z.literal('denial'),
    by: z.enum(['egress', 'git-gate']),
    method: z.string(),
    target: z.string(),
    reason: z.string(),
  }),
  /** So many lines of the audit are missing here. */
  z.strictObject({ ...about, kind: z.literal('gap'), lost: z.number().int().positive() }),
]);
export type ShownEvent = z.infer<typeof shownEvent>;
