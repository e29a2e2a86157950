import { BottleError } from '../errors.ts';
import { readPolicy, withPolicyLock } from './bottle-policy.ts';
import type { Grant } from './grants-file.ts';
import { loadGrants, recover } from './put-in-force.ts';

/**
 * Ends a grant at once; egress closes what is open through it. While the bundle is down, the next one starts without it.
 * @throws BottleError `state-missing` when there is no such grant, or `policy-not-loaded` when egress may still have it.
 */
export async function revokeGrant(bottle: string, id: string): Promise<Grant> {
  return await withPolicyLock(bottle, async () => {
    await recover(bottle);
    const policy = await readPolicy(bottle);
    const grant = policy.grants.find((one) => one.id === id);
    if (grant === undefined) {
      throw new BottleError('state-missing', `${bottle} has no grant ${id}`, {
        hint: `\`make routes BOTTLE=${bottle}\` lists what was granted.`,
      });
    }
    const rest = policy.grants.filter((one) => one.id !== id);
    await loadGrants(policy, rest).catch((error: unknown) => {
      if (!(error instanceof BottleError)) throw error;
      if (error.code === 'state-missing') return;
      throw new BottleError('policy-not-loaded', `${id} may still be in force: ${error.message}`, {
        hint: `Try again, or end all that the bottle lets out: make stop BOTTLE=${bottle}`,
        cause: error,
      });
    });
    return grant;
  });
}
