import { z } from 'zod';
import { SELFTEST_HOST } from './selftest.ts';

/** Name of an environment variable of the bundle that holds a token; the routes file never holds a value. */
export const tokenSlot = z.string().regex(/^EGRESS_TOKEN_[0-9]+$/, 'a token slot is EGRESS_TOKEN_<number>');

/** A DNS name in lower case with at least one letter, so that no IPv4 address passes for a name. */
export const HOST_PATTERN =
  /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Exact DNS name, lower case: the match is on the whole name. */
export const routeHost = z
  .string()
  .max(253)
  .regex(HOST_PATTERN, 'a route host is a DNS name in lower case, without scheme, port, path or wildcard')
  .refine((host) => host !== SELFTEST_HOST, `${SELFTEST_HOST} is built in and cannot be a route`);

export const routeAuth = z.strictObject({
  /** First word of the `Authorization` header that egress sends upstream. */
  scheme: z.enum(['Bearer', 'token']),
  slot: tokenSlot,
});

export const route = z.strictObject({
  host: routeHost,
  auth: routeAuth.optional(),
  /** The one TCP port of this host; default 443 through CONNECT, 80 for plain HTTP. */
  port: z.number().int().min(1).max(65535).optional(),
  /** Lets this host resolve to a private or loopback address; link-local and metadata addresses stay refused. */
  private: z.boolean().optional(),
});

/** `routes.yaml`: what egress lets out. Everything that no route names is denied. */
export const routesFile = z.strictObject({
  version: z.literal(1),
  routes: z
    .array(route)
    .refine(
      (routes) => new Set(routes.map((entry) => entry.host)).size === routes.length,
      'two routes name one host',
    ),
});

export type Route = z.infer<typeof route>;
export type RoutesFile = z.infer<typeof routesFile>;
