import { readPolicy, withPolicyLock } from './bottle-policy.ts';
import { writeGrants } from './grants-file.ts';
import { writeRoutes } from './put-in-force.ts';

/**
 * Writes the routes that a new bundle of a bottle starts with: what was prepared, and what was granted since. Grants by
 * number of uses and approvals of values end here: how often they were used, and the marks, were known to the old bundle alone.
 * @returns how many have ended so.
 */
export async function writeRoutesOfNewBundle(bottle: string): Promise<number> {
  return await withPolicyLock(bottle, async () => {
    const policy = await readPolicy(bottle);
    const grants = policy.grants.filter((grant) => 'route' in grant && grant.route.max_uses === undefined);
    // Without any there never was a file, and none is needed.
    if (policy.grants.length > 0) await writeGrants(bottle, grants);
    await writeRoutes({ ...policy, grants });
    return policy.grants.length - grants.length;
  });
}
