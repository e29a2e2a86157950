/** What an agent can put before a person at most. */
export const QUEUE_LIMITS = {
  /** Bytes of a file of the queue. */
  fileBytes: 64 * 1024,
  /** Proposals that wait for a decision. */
  pending: 32,
  /** Messages that nobody has read yet. */
  notices: 32,
  /** Decided proposals that are kept to be asked about; the oldest go first. */
  decided: 100,
  /** New proposals, and new messages: so many at once, and then so many a second. */
  rate: { burst: 10, perSecond: 0.1 },
} as const;

/** Characters of what the agent writes. */
export const TEXT_LIMITS = {
  reason: 1000,
  question: 4000,
  choice: 200,
  message: 2000,
  dockerfile: 8000,
} as const;

/** Characters of what the person writes. */
export const MAX_ANSWER = 4000;

/** Milliseconds that a proposal waits for a decision. */
export const PROPOSAL_TTL_MS = 24 * 60 * 60_000;

/** Milliseconds for a request that egress holds open meanwhile. */
export const HELD_TTL_MS = 300_000;
