import type { Route } from '../../daemons/contract/egress/routes.ts';
import { routeKey } from '../../daemons/contract/egress/uses.ts';
import { effectiveRoutes, readPolicy } from '../../supervise/bottle-policy.ts';
import { routeGrants, type ValueGrant, valueGrants } from '../../supervise/grants-file.ts';
import { inertLine } from '../../supervise/inert.ts';
import { valuesText } from './grant-text.ts';
import { readUses } from './read-uses.ts';
import { routeText } from './route-text.ts';

/** A route that egress has, and where it comes from. */
export interface ListedRoute {
  readonly route: Route;
  /** Of `max_uses`; absent for routes without, and where egress's counts cannot be read. */
  readonly left?: number;
  /** `null`: it was prepared from the manifest, or belongs to the provider. */
  readonly grant: {
    readonly id: string;
    readonly at: string;
    readonly by: string;
    readonly reason: string;
  } | null;
}

/** Values that egress lets out to a host although detection finds them, and by whose approval. */
export interface ListedValues {
  readonly values: ValueGrant['request'];
  readonly grant: Omit<ValueGrant, 'request' | 'state'>;
}

export type Listed = ListedRoute | ListedValues;

/** Returns what egress of a bottle lets out: routes in the order in which it looks, then values. @throws BottleError `state-missing` */
export async function listRoutes(bottle: string): Promise<Listed[]> {
  const policy = await readPolicy(bottle);
  const grants = new Map(routeGrants(policy.grants).map((grant) => [grant.id, grant]));
  const used = await readUses(bottle);
  const routes = effectiveRoutes(policy).routes.map((route): ListedRoute => {
    const listed = { route, ...leftOf(route, used) };
    const grant = route.grant === undefined ? undefined : grants.get(route.grant);
    if (grant === undefined) return { ...listed, grant: null };
    const { id, at, by, reason } = grant;
    return { ...listed, grant: { id, at, by, reason } };
  });
  const values = valueGrants(policy.grants).map(({ request, state: _, ...grant }): ListedValues => {
    return { values: request, grant };
  });
  return [...routes, ...values];
}

function leftOf(route: Route, used: ReadonlyMap<string, number> | undefined): { left?: number } {
  if (route.max_uses === undefined || used === undefined) return {};
  return { left: Math.max(0, route.max_uses - (used.get(routeKey(route)) ?? 0)) };
}

/** The list as text for a person; what the agent wrote is quoted and inert. */
export function routesListText(listed: readonly Listed[]): string {
  if (listed.length === 0) return 'no route: nothing is let out';
  return listed.map(listedText).join('\n');
}

function listedText(listed: Listed): string {
  if ('route' in listed)
    return `${routeText(listed.route, listed.left)}${originText(listed.route, listed.grant)}`;
  const { values, grant } = listed;
  return `${valuesText(values, grant.expires_at)}\n  ${grantedText(grant)}`;
}

function originText({ owner }: Route, grant: ListedRoute['grant']): string {
  if (grant === null) return owner === 'provider' ? '  (provider)' : '';
  return `\n  ${grantedText(grant)}\n  > ${inertLine(grant.reason)}`;
}

function grantedText({ id, at, by }: Pick<ValueGrant, 'id' | 'at' | 'by'>): string {
  return `${id}, granted ${at} by ${inertLine(by)}`;
}
