import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { bottlePaths } from '../bottle/paths.ts';
import { route } from '../daemons/contract/egress/routes.ts';
import { USES_FILE } from '../daemons/contract/egress/uses.ts';
import { TEXT_LIMITS } from '../daemons/contract/supervise/limits.ts';
import { proposalId } from '../daemons/contract/supervise/proposal-id.ts';
import { tokenAllowRequest } from '../daemons/contract/supervise/request.ts';
import { writeAtomically } from '../host/files.ts';
import { readJson } from '../host/read-json.ts';

/** Grants of one bottle; each makes egress's work longer. */
export const MAX_GRANTS = 200;

const common = {
  /** Of the proposal that it was granted to. */
  id: proposalId,
  /** When it was granted; UTC, ISO 8601. */
  at: z.iso.datetime(),
  /** User of the host. */
  by: z.string().min(1).max(64),
  /** `loading`: not known to be in force; what a kill leaves so counts only if the agent was told. */
  state: z.enum(['loading', 'in-force']),
};

const routeGrant = z.strictObject({
  ...common,
  /** As egress has it, with its end and its uses. */
  route,
  /** The agent's words. */
  reason: z.string().max(TEXT_LIMITS.reason),
});
export type RouteGrant = z.infer<typeof routeGrant>;

/** Values that may go to a host although detection finds them; good for one bundle, which alone knows their marks. */
const valueGrant = z.strictObject({
  ...common,
  request: tokenAllowRequest,
  /** When it ends; UTC, ISO 8601. Absent: with the bundle. */
  expires_at: z.iso.datetime().optional(),
});
export type ValueGrant = z.infer<typeof valueGrant>;

const grant = z.union([routeGrant, valueGrant]);
export type Grant = z.infer<typeof grant>;

const grantsFile = z.strictObject({ version: z.literal(1), grants: z.array(grant).max(MAX_GRANTS + 1) });

/** Returns what was granted in a bottle, oldest first. @throws BottleError `state-corrupt` */
export async function readGrants(bottle: string): Promise<readonly Grant[]> {
  return (await readJson(bottlePaths.grants(bottle), grantsFile))?.grants ?? [];
}

/** Replaces what was granted, whole or not at all. */
export async function writeGrants(bottle: string, grants: readonly Grant[]): Promise<void> {
  await writeAtomically(bottlePaths.grants(bottle), `${JSON.stringify({ version: 1, grants }, null, 2)}\n`);
}

/** Forgets all grants of a bottle, and how often they were used. */
export async function removeGrants(bottle: string): Promise<void> {
  await rm(bottlePaths.grants(bottle), { force: true });
  await rm(join(bottlePaths.audit(bottle), USES_FILE), { force: true });
}

/** Whether its time is over. `now`: milliseconds since 1970. */
export function hasExpired(given: Grant, now: number): boolean {
  const expires = 'route' in given ? given.route.expires_at : given.expires_at;
  return expires !== undefined && now >= Date.parse(expires);
}

/** Those for routes. */
export function routeGrants(grants: readonly Grant[]): RouteGrant[] {
  return grants.filter((one) => 'route' in one);
}

/** Those for values. */
export function valueGrants(grants: readonly Grant[]): ValueGrant[] {
  return grants.filter((one) => 'request' in one);
}
