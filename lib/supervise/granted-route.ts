import type { Route } from '../daemons/contract/egress/routes.ts';
import type { AllowRequest, GrantLimit } from '../daemons/contract/supervise/request.ts';

/** Returns the route that grants a request. `now`: milliseconds since 1970. */
export function grantedRoute(
  id: string,
  { host, port, methods, pathPrefix }: AllowRequest,
  limit: GrantLimit | undefined,
  now: number,
): Route {
  const match = {
    ...(pathPrefix === undefined ? {} : { paths: [{ type: 'prefix' as const, value: pathPrefix }] }),
    ...(methods === undefined ? {} : { methods }),
  };
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(Object.keys(match).length === 0 ? {} : { matches: [match] }),
    ...limitOf(limit, now),
    grant: id,
  };
}

function limitOf(limit: GrantLimit | undefined, now: number): Pick<Route, 'expires_at' | 'max_uses'> {
  if (limit === undefined) return {};
  if ('uses' in limit) return { max_uses: limit.uses };
  return { expires_at: new Date(now + limit.seconds * 1000).toISOString() };
}
