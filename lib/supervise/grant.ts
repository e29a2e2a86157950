import type { Route } from '../daemons/contract/egress/routes.ts';
import type { Verdict } from '../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import type { AllowRequest } from '../daemons/contract/supervise/request.ts';
import { preparedRoutes } from '../plan/routes-file.ts';
import { type BottlePolicy, readPolicy, versionOf } from './bottle-policy.ts';
import { grantedRoute } from './granted-route.ts';
import { type Grant, MAX_GRANTS, type RouteGrant, routeGrants, writeGrants } from './grants-file.ts';
import { hostUser } from './host-user.ts';
import { conflict, mergeGrants } from './merge-grants.ts';
import { putInForce, takeBack } from './put-in-force.ts';
import { refused } from './refused.ts';

export type Granting = Extract<Verdict, { state: 'approved' | 'modified' }>;

/** What approving a proposal would change. */
export interface PolicyChange {
  /** Hand it to `decide`: what is approved is refused if the policy is another by then. */
  readonly version: string;
  /** Routes that decide about the host, before and after. */
  readonly before: readonly Route[];
  readonly after: readonly Route[];
  /** Why it cannot be granted, a sentence without its end; then `after` is `before`. */
  readonly conflict: string | undefined;
}

/** Returns what a verdict would change; `undefined` where it changes no route. @throws BottleError as `policyChange` */
export async function changeOf(proposal: Proposal, verdict: Verdict): Promise<PolicyChange | undefined> {
  if (proposal.request.kind !== 'allow') return undefined;
  if (verdict.state !== 'approved' && verdict.state !== 'modified') return undefined;
  return await policyChange(proposal, verdict);
}

/** Returns what approving would change. @throws BottleError `state-missing`, `state-corrupt` */
export async function policyChange(proposal: Proposal, verdict: Granting): Promise<PolicyChange> {
  const policy = await readPolicy(proposal.bottle);
  const grant = grantOf(proposal, verdict);
  const fault = conflictOf(policy, grant);
  const prepared = preparedRoutes(policy.plan).routes;
  const granted = routeGrants(policy.grants).map(({ route }) => route);
  const before = mergeGrants(prepared, granted);
  const after = fault === undefined ? mergeGrants(prepared, [...granted, grant.route]) : before;
  const ofHost = (routes: readonly Route[]) => routes.filter(({ host }) => host === grant.route.host);
  return { version: versionOf(policy), before: ofHost(before), after: ofHost(after), conflict: fault };
}

/** A grant that egress has in force, but that the agent was not told of yet. */
export interface Loaded {
  readonly generation: number;
  /** The agent is told: it stays. */
  readonly keep: () => Promise<void>;
  /** Somebody else has decided: all is put back as it was. */
  readonly takeBack: () => Promise<void>;
}

/**
 * Puts a grant in force, the first of two phases. Call it with the lock.
 * @param version of the policy that was shown, if one was.
 * @throws BottleError `decision-refused` when the policy has changed since or cannot take it, `state-missing` when the bundle
 * is not up, or `policy-not-loaded`; then nothing has changed.
 */
export async function loadGrant(
  proposal: Proposal,
  verdict: Granting,
  version: string | undefined,
): Promise<Loaded> {
  const { id, bottle } = proposal;
  const policy = await readPolicy(bottle);
  if (version !== undefined && version !== versionOf(policy))
    throw refused(`the policy of ${bottle} has changed since ${id} was shown: look at it again`);
  const grant = grantOf(proposal, verdict);
  const fault = conflictOf(policy, grant);
  if (fault !== undefined) throw refused(`${id} cannot be granted: ${fault}`);
  return await load(policy, grant);
}

/** Puts the approval of values in force, as `loadGrant` does a route. */
export async function loadValues({ id, bottle, request }: Proposal, { limit }: Granting): Promise<Loaded> {
  if (request.kind !== 'egress-token-allow') throw new Error(`${request.kind} is no request about values`);
  if (limit !== undefined && 'uses' in limit)
    throw refused(`${id} cannot be granted: values are let out for a time, not for a number of uses`);
  const policy = await readPolicy(bottle);
  const fault = whyFull(policy);
  if (fault !== undefined) throw refused(`${id} cannot be granted: ${fault}`);
  const now = Date.now();
  const end = limit && { expires_at: new Date(now + limit.seconds * 1000).toISOString() };
  const about = { id, at: new Date(now).toISOString(), by: hostUser(), state: 'loading' } as const;
  return await load(policy, { ...about, request, ...end });
}

/** Call it with the lock. */
async function load(policy: BottlePolicy, grant: Grant): Promise<Loaded> {
  const { slug } = policy.plan;
  const generation = await putInForce(policy, [...policy.grants, grant]);
  return {
    generation,
    keep: () => writeGrants(slug, [...policy.grants, { ...grant, state: 'in-force' }]),
    takeBack: () => takeBack(policy, policy.grants),
  };
}

function grantOf({ id, request }: Proposal, verdict: Granting): RouteGrant {
  const asked = allowed(verdict.state === 'modified' ? verdict.request : request);
  const now = Date.now();
  const route = grantedRoute(id, asked, verdict.limit, now);
  const by = hostUser();
  return { id, route, at: new Date(now).toISOString(), by, reason: asked.reason, state: 'loading' };
}

function conflictOf(policy: BottlePolicy, { route }: RouteGrant): string | undefined {
  const { plan, grants } = policy;
  if (plan.daemons.includes('pipelock'))
    return 'the bottle uses pipelock, which knows only the hosts of the manifest';
  const granted = routeGrants(grants).map((grant) => grant.route);
  return whyFull(policy) ?? conflict(route, preparedRoutes(plan).routes, granted);
}

function whyFull({ grants }: BottlePolicy): string | undefined {
  if (grants.length < MAX_GRANTS) return undefined;
  return `the bottle has ${MAX_GRANTS} grants already: revoke some`;
}

function allowed(request: Proposal['request']): AllowRequest {
  if (request.kind === 'allow') return request;
  throw new Error(`${request.kind} is no request for a route`);
}
