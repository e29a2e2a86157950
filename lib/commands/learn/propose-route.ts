import type { Denial } from '../../daemons/contract/egress/learned.ts';
import type { Route } from '../../daemons/contract/egress/routes.ts';
import { generalizePaths, groupBy } from './generalize-paths.ts';
import { routesFor, type WrittenRoute, writtenRoute } from './manifest-route.ts';

/** A route that would admit what was denied for one host, with remarks for the reviewer. */
export interface Proposal {
  /** Absent when no route can help. */
  readonly route?: WrittenRoute;
  /** One sentence each. */
  readonly remarks: readonly string[];
}

export interface PresentRoutes {
  readonly routes: readonly Route[];
  /** From slot to host variable. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** Host names that usually resolve to a private address. */
const PRIVATE_NAME = /^[^.]+$|\.(?:local|lan|internal|intranet|corp|home\.arpa)$/;

type Matches = NonNullable<WrittenRoute['matches']>;

/** Proposes a route for one host from all its denials. */
export function proposeRoute(host: string, denials: readonly Denial[], present: PresentRoutes): Proposal {
  const routes = routesFor(host, present.routes);
  // What no route of the host admitted reached the last one.
  const route = routes.at(-1);
  if (route === undefined) return newRoute(host, denials);
  if (route.owner === 'provider') {
    return { remarks: [`${host} belongs to the agent's provider; a route in the bottle has no effect.`] };
  }
  const { remarks, ...proposal } = extendedRoute(host, denials, route, present.tokens);
  if (routes.length === 1 || proposal.route === undefined) return { ...proposal, remarks };
  const choice = `${route.host} has ${routes.length} routes; this is the last one. Extend another if the requests need its credential.`;
  return { ...proposal, remarks: [...remarks, choice] };
}

function newRoute(host: string, denials: readonly Denial[]): Proposal {
  const unlisted = denials.filter(({ reason }) => reason === 'host-unlisted');
  const [[port, chosen] = [], ...others] = [
    ...groupBy(unlisted, ({ port: requested }) => String(requested)),
  ].toSorted((one, other) => total(other[1]) - total(one[1]));
  if (port === undefined || chosen === undefined) return { remarks: [] };
  const remarks = others.map(([other]) => `Port ${other} was requested too; a route has only one port.`);
  if (PRIVATE_NAME.test(host))
    remarks.push('If it resolves to a private address, `private: true` is needed.');
  const route = { host, ...(port === '443' ? {} : { port: Number(port) }) };
  if (chosen.some(({ path }) => path === null)) {
    remarks.unshift(
      'Only the CONNECT was seen, not the requests inside: this opens the whole host.',
      'To learn paths first, add `matches: [{paths: [{type: exact, value: /}]}]` and run again.',
    );
    return { route, remarks };
  }
  const { matches, generalized } = matchesOf(chosen);
  return { route: { ...route, matches }, remarks: [...remarks, ...generalized] };
}

function extendedRoute(
  host: string,
  denials: readonly Denial[],
  present: Route,
  tokens: Readonly<Record<string, string>>,
): Proposal {
  const of = (reason: Denial['reason']) => denials.filter((denial) => denial.reason === reason);
  const route: WrittenRoute = { ...writtenRoute(present, tokens), host };
  const remarks: string[] = [];
  const unmatched = of('request-unmatched');
  const fetches = of('git-fetch-refused');
  if (fetches.length > 0) route.git = { fetch: true };
  if (route.matches !== undefined && unmatched.length + fetches.length > 0) {
    const { matches, generalized } = matchesOf(unmatched);
    const added = [...matches, ...repositories(fetches)];
    route.matches = [...route.matches, ...added];
    remarks.push(
      `The last ${added.length === 1 ? 'entry' : `${added.length} entries`} of matches are new.`,
      ...generalized,
    );
  }
  if (fetches.length > 0) remarks.push('Clone and fetch over HTTPS are new; pushes are always refused.');
  if (of('address-refused').length > 0) {
    remarks.push('It resolved to a private address: add `private: true` if the agent may reach it there.');
  }
  for (const { port } of of('port-refused')) {
    remarks.push(
      `Port ${port} was requested; a route has only one port, and this one has ${present.port ?? 443}.`,
    );
  }
  if (unmatched.length + fetches.length === 0) return { remarks: remarks.map((text) => `${host}: ${text}`) };
  const replaced = present.host === host ? 'the route of this host' : `${present.host} for this host only`;
  return { route, remarks: [`It replaces ${replaced}.`, ...remarks] };
}

/** Groups paths by method, so that no path is admitted with a method that was not requested for it. */
function matchesOf(denials: readonly Denial[]): { matches: Matches; generalized: string[] } {
  const methods = new Map<string, { type: 'exact' | 'prefix' | 'regex'; value: string; methods: string[] }>();
  for (const [method, requests] of groupBy(denials, ({ method: name }) => name)) {
    for (const condition of generalizePaths(requests.flatMap(({ path }) => path ?? []))) {
      const key = `${condition.type} ${condition.value}`;
      const known = methods.get(key);
      if (known === undefined) methods.set(key, { ...condition, methods: [method] });
      else known.methods.push(method);
    }
  }
  const conditions = [...methods.values()];
  const matches = [...groupBy(conditions, (condition) => condition.methods.toSorted().join(' '))].map(
    ([names, alike]) => ({
      paths: alike.map(({ type, value }) => ({ type, value })),
      methods: names.split(' '),
    }),
  );
  const isWider = conditions.some(({ type }) => type !== 'exact');
  return {
    matches,
    generalized: isWider ? ['Similar paths were combined: check that none is too broad.'] : [],
  };
}

/** A clone sends further requests below the repository, including POST. */
function repositories(fetches: readonly Denial[]): Matches {
  const paths = fetches.flatMap(({ path }) => path?.replace(/\/(info\/refs|git-upload-pack)\/?$/, '') || []);
  if (paths.length === 0) return [];
  const unique = [...new Set(paths)];
  return [{ paths: unique.map((value) => ({ type: 'prefix', value })), methods: ['GET', 'POST'] }];
}

export function total(denials: readonly Denial[]): number {
  return denials.reduce((sum, { count }) => sum + count, 0);
}
