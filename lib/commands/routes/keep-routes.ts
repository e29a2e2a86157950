import type { Route } from '../../daemons/contract/egress/routes.ts';
import { preparedRoutes } from '../../plan/routes-file.ts';
import { readPolicy } from '../../supervise/bottle-policy.ts';
import { type RouteGrant, routeGrants } from '../../supervise/grants-file.ts';
import { mergeGrants } from '../../supervise/merge-grants.ts';
import { routesFor, writtenRoute } from '../learn/manifest-route.ts';
import { type CommentedRoute, commentLines, routesYaml } from '../learn/routes-yaml.ts';

/** Returns what was granted in a bottle, as YAML for its manifest, to review. @throws BottleError `state-missing` */
export async function keptRoutes(bottle: string): Promise<string> {
  const policy = await readPolicy(bottle);
  const { plan } = policy;
  const grants = routeGrants(policy.grants);
  if (grants.length === 0) return `# Nothing is granted in ${bottle}.\n`;
  const prepared = preparedRoutes(plan).routes;
  const kept = withoutRepeated(endless(grants)).map((route) => commented(route, grants, prepared));
  return `${header(bottle)}${routesYaml(kept)}`;
}

/** As they would be for good, in an order in which none hides another. */
function endless(grants: readonly RouteGrant[]): Route[] {
  const routes = grants.map(({ route }) => {
    const { expires_at: _expires, max_uses: _uses, ...rest } = route;
    return rest;
  });
  return mergeGrants([], routes);
}

function withoutRepeated(routes: readonly Route[]): Route[] {
  const seen = new Set<string>();
  return routes.filter((route) => {
    const key = JSON.stringify(writtenRoute(route, {}));
    // Whatever is behind a whole host is never looked at.
    if (seen.has(key) || seen.has(JSON.stringify({ host: route.host, port: route.port }))) return false;
    seen.add(key);
    return true;
  });
}

function commented(route: Route, grants: readonly RouteGrant[], prepared: readonly Route[]): CommentedRoute {
  const grant = grants.find(({ id }) => id === route.grant);
  const lines =
    grant === undefined ? [] : [`${grant.id}, granted ${grant.at} by ${grant.by}${wasLimited(grant)}.`];
  if (routesFor(route.host, prepared).length > 0)
    lines.push('The host has routes already: put it behind those.');
  return { route: writtenRoute(route, {}), comment: commentLines(lines) };
}

function wasLimited({ route: { expires_at: expires, max_uses: uses } }: RouteGrant): string {
  if (expires !== undefined) return `, until ${expires}; here it has no end`;
  if (uses !== undefined) return `, for ${uses} uses; here it has no end`;
  return '';
}

function header(bottle: string): string {
  const lines = [
    `Routes that were granted in ${bottle}. Review each before you use it.`,
    "They go under `egress` in the bottle's frontmatter.",
  ];
  return `${commentLines(lines, '#')}\n`;
}
