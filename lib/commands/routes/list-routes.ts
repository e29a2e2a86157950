import type { Route } from '../../daemons/contract/egress/routes.ts';
import { effectiveRoutes, readPolicy } from '../../supervise/bottle-policy.ts';
import { inertLine } from '../../supervise/inert.ts';
import { routeText } from './route-text.ts';

/** A route that egress has, and where it comes from. */
export interface ListedRoute {
  readonly route: Route;
  /** `null`: it was prepared from the manifest, or belongs to the provider. */
  readonly grant: {
    readonly id: string;
    readonly at: string;
    readonly by: string;
    readonly reason: string;
  } | null;
}

/** Returns what egress of a bottle lets out, in the order in which it looks. @throws BottleError `state-missing` */
export async function listRoutes(bottle: string): Promise<ListedRoute[]> {
  const policy = await readPolicy(bottle);
  const grants = new Map(policy.grants.map((grant) => [grant.id, grant]));
  return effectiveRoutes(policy).routes.map((route) => {
    const grant = route.grant === undefined ? undefined : grants.get(route.grant);
    if (grant === undefined) return { route, grant: null };
    const { id, at, by, reason } = grant;
    return { route, grant: { id, at, by, reason } };
  });
}

/** The list as text for a person; what the agent wrote is quoted and inert. */
export function routesListText(listed: readonly ListedRoute[]): string {
  if (listed.length === 0) return 'no route: nothing is let out';
  return listed.map(({ route, grant }) => `${routeText(route)}${originText(route, grant)}`).join('\n');
}

function originText({ owner }: Route, grant: ListedRoute['grant']): string {
  if (grant === null) return owner === 'provider' ? '  (provider)' : '';
  return `\n  ${grant.id}, granted ${grant.at} by ${inertLine(grant.by)}\n  > ${inertLine(grant.reason)}`;
}
