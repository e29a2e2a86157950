import type { Route, RouteAuth } from '../../daemons/contract/egress/routes.ts';

/** A route as written in a manifest. */
export interface WrittenRoute {
  host: string;
  port?: number;
  private?: boolean;
  auth?: Omit<RouteAuth, 'slot'> & { token_ref: string };
  matches?: NonNullable<Route['matches']>;
  git?: { fetch: boolean };
  dlp?: NonNullable<Route['dlp']>;
}

/**
 * Converts a planned route to its manifest form, without token values. `tokens` maps slots to host variables.
 */
export function writtenRoute(route: Route, tokens: Readonly<Record<string, string>>): WrittenRoute {
  const { host, port, auth, matches, git, dlp } = route;
  return {
    host,
    ...(port === undefined ? {} : { port }),
    ...(route.private === undefined ? {} : { private: route.private }),
    ...writtenAuth(auth, tokens),
    ...(matches === undefined ? {} : { matches }),
    ...(git === undefined ? {} : { git }),
    ...(dlp === undefined ? {} : { dlp }),
  };
}

function writtenAuth(
  auth: Route['auth'],
  tokens: Readonly<Record<string, string>>,
): Pick<WrittenRoute, 'auth'> {
  if (auth === undefined) return {};
  const { slot, ...rest } = auth;
  const variable = tokens[slot];
  return variable === undefined ? {} : { auth: { ...rest, token_ref: variable } };
}

/** Returns the routes for a host: the exact ones, or those with the longest suffix. */
export function routesFor(host: string, routes: readonly Route[]): readonly Route[] {
  const fits = ({ host: pattern }: Route) =>
    pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
  const [best] = routes
    .filter(fits)
    .toSorted((one, other) => other.host.length - one.host.length)
    .toSorted((one, other) => Number(other.host === host) - Number(one.host === host));
  return routes.filter((route) => route.host === best?.host && route.owner === best.owner);
}
