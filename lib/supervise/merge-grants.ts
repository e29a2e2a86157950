import type { Route } from '../daemons/contract/egress/routes.ts';

/**
 * Returns the prepared routes with granted ones behind them, so that nothing that was prepared is decided differently.
 * A host that only a `*.` route covered gets copies of it, since an exact name hides it.
 */
export function mergeGrants(prepared: readonly Route[], granted: readonly Route[]): Route[] {
  const added = [...Map.groupBy(granted, ({ host }) => host)].flatMap(([host, grants]) => {
    const own = siblings(host, prepared);
    const [first] = own;
    const copies = first === undefined || first.host === host ? [] : own.map((route) => ({ ...route, host }));
    return [...copies, ...ordered(grants).map((route) => alike(route, first))];
  });
  return [...prepared, ...added];
}

/**
 * Returns why a route cannot be granted beside those that are there, as a sentence without its end; `undefined`: it can.
 * @param granted what was granted before.
 */
export function conflict(
  route: Route,
  prepared: readonly Route[],
  granted: readonly Route[],
): string | undefined {
  const { host } = route;
  if (covering(host, prepared.filter(isProviders)).length > 0)
    return `${host} belongs to the agent's provider, whose routes come first`;
  const present = [...siblings(host, prepared), ...granted.filter((other) => other.host === host)];
  const [first] = present;
  if (first === undefined) return undefined;
  if (!agrees(route.port, first.port)) return portConflict(host, first.port);
  const whole = present.find((other) => other.matches === undefined && isUnlimited(other));
  if (whole === undefined) return undefined;
  return `every request to ${host} is let out already, by ${whole.grant ?? `the manifest's route of ${whole.host}`}`;
}

/** The bottle's routes that decide about a host: those that name it, or those with the longest suffix. */
function siblings(host: string, routes: readonly Route[]): readonly Route[] {
  return covering(
    host,
    routes.filter((route) => !isProviders(route)),
  );
}

function covering(host: string, routes: readonly Route[]): readonly Route[] {
  const patterns = new Set(routes.map((route) => route.host));
  if (patterns.has(host)) return routes.filter((route) => route.host === host);
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const suffix = `*${host.slice(dot)}`;
    if (patterns.has(suffix)) return routes.filter((route) => route.host === suffix);
  }
  return [];
}

/** What is used up comes late, and what would hide all behind it comes last. */
function ordered(routes: readonly Route[]): Route[] {
  const rank = (route: Route) => {
    if (isUnlimited(route)) return route.matches === undefined ? 3 : 0;
    return route.max_uses === undefined ? 1 : 2;
  };
  return routes.toSorted((one, other) => rank(one) - rank(other));
}

/** Port and addresses are decided before a request is known, so they are those of the host's other routes. */
function alike(route: Route, first: Route | undefined): Route {
  if (first === undefined) return route;
  const { port, private: isPrivate } = first;
  return {
    ...route,
    ...(port === undefined ? {} : { port }),
    ...(isPrivate === undefined ? {} : { private: isPrivate }),
  };
}

/** A route without a port stands for 443 and 80, so that one of 443 alone is narrower. */
function agrees(asked: number | undefined, present: number | undefined): boolean {
  return asked === present || (asked === undefined && present === 443);
}

function portConflict(host: string, present: number | undefined): string {
  const open =
    present === undefined
      ? 'on 443 and 80, so it can only be granted without a port'
      : `on port ${present} alone`;
  return `other routes of ${host} open it ${open}`;
}

const isProviders = ({ owner }: Route): boolean => owner === 'provider';

function isUnlimited({ expires_at: expires, max_uses: uses }: Route): boolean {
  return expires === undefined && uses === undefined;
}
