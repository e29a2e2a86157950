import { readPolicy, withPolicyLock } from './bottle-policy.ts';
import { routeGrants, writeGrants } from './grants-file.ts';
import { writeRoutes } from './put-in-force.ts';

/**
 * Writes the routes that a new bundle of a bottle starts with: what was prepared, and what was granted since. Approvals of
 * values end here: only the old bundle knew their marks.
 * @returns how many have ended so.
 */
export async function writeRoutesOfNewBundle(bottle: string): Promise<number> {
  return await withPolicyLock(bottle, async () => {
    const policy = await readPolicy(bottle);
    const grants = routeGrants(policy.grants);
    // Without any there never was a file, and none is needed.
    if (policy.grants.length > 0) await writeGrants(bottle, grants);
    await writeRoutes({ ...policy, grants });
    return policy.grants.length - grants.length;
  });
}
