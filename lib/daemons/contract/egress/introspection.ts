import * as z from 'zod';
import { route } from './routes.ts';

/** Under this host, through the proxy and in plain HTTP, egress answers about itself. Not a DNS name: those do not start with `_`. */
export const INTROSPECTION_HOST = '_egress.local';

/** `GET /allowlist`: the routes in force. */
export const allowlistReply = z.strictObject({
  /** Counts the policies that were put in force. */
  generation: z.int().nonnegative(),
  /** As in the routes file: slots by name, no token. */
  routes: z.array(route),
});
export type AllowlistReply = z.infer<typeof allowlistReply>;

/** `GET /why?url=URL&method=METHOD`: the decision about such a request, without what only its content would show. */
export const whyReply = z.discriminatedUnion('allowed', [
  z.strictObject({ allowed: z.literal(true), rule: z.string() }),
  z.strictObject({
    allowed: z.literal(false),
    code: z.string(),
    rule: z.string().nullable(),
    /** What is wrong, and what can be done about it: a sentence each. */
    reason: z.string(),
    ask: z.string(),
  }),
]);
export type WhyReply = z.infer<typeof whyReply>;
