import { z } from 'zod';

/** Name of an environment variable of the bundle that holds a token; the routes file never holds a value. */
export const tokenSlot = z.string().regex(/^EGRESS_TOKEN_[0-9]+$/, 'a token slot is EGRESS_TOKEN_<number>');

/** Exact DNS name, lower case: the match is on the whole name. */
export const routeHost = z
  .string()
  .max(253)
  .regex(
    /^(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    'a route host is a DNS name in lower case, without scheme, port, path or wildcard',
  );

export const routeAuth = z.strictObject({
  /** First word of the `Authorization` header that egress sends upstream. */
  scheme: z.enum(['Bearer', 'token']),
  slot: tokenSlot,
});

export const route = z.strictObject({ host: routeHost, auth: routeAuth.optional() });

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
