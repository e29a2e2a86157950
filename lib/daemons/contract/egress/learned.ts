import * as z from 'zod';
import { AUDIT_LIMITS } from './audit.ts';

const count = z.number().int().nonnegative();

/** Reasons that a route could do away with. Of all others only the number is kept. */
export const LEARNABLE = [
  'host-unlisted',
  'port-refused',
  'request-unmatched',
  'git-fetch-refused',
  'address-refused',
] as const;

/** One kind of request that was denied, and how often. */
export const denial = z.strictObject({
  reason: z.enum(LEARNABLE),
  /** `http`: in plain text. */
  scheme: z.enum(['http', 'https']),
  host: z.string().max(AUDIT_LIMITS.host),
  port: z.number().int().min(1).max(65535),
  /** `CONNECT` where the tunnel itself was refused, so that nothing is known of what was to be asked in it. */
  method: z.string().max(AUDIT_LIMITS.method),
  /** Canonical, without the query; `null` for CONNECT. */
  path: z.string().max(AUDIT_LIMITS.path).nullable(),
  /** Host of the route that applied; `null` when none did. */
  rule: z.string().nullable(),
  count,
  /** When it was denied for the first and the last time; UTC, ISO 8601. */
  first: z.iso.datetime(),
  last: z.iso.datetime(),
});

/** `learned.json`, kept while `learn` is on: what was denied, each kind once, without a single secret. */
export const learnedFile = z.strictObject({
  version: z.literal(1),
  denials: z.array(denial),
  /** Denials of further kinds, for which there was no room. */
  beyond: count,
  /** Denials whose path or host held what looks like a secret. */
  withheld: count,
  /** Denials that no route could admit, by reason. */
  unlearnable: z.record(z.string(), count),
});

export const LEARNED_FILE = 'learned.json';

export type Denial = z.infer<typeof denial>;
export type LearnedFile = z.infer<typeof learnedFile>;
