import { bottlePaths } from '../bottle/paths.ts';
import { reloadReply } from '../daemons/contract/egress/reload.ts';
import { routesText } from '../daemons/contract/egress/routes.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { dockerTry } from '../docker/cli.ts';
import { BottleError } from '../errors.ts';
import { writeAtomically } from '../host/files.ts';
import { type BottlePolicy, effectiveRoutes, readPolicy } from './bottle-policy.ts';
import { type Grant, readGrants, writeGrants } from './grants-file.ts';

/** Milliseconds that egress is given. It takes a tenth of a second. */
const RELOAD_TIMEOUT_MS = 10_000;

/**
 * Replaces the grants of a bottle and has egress read its routes anew; when that fails, all is put back as it was. Call it
 * with the lock.
 * @returns the generation of the policy in force.
 * @throws BottleError `state-missing` when the bundle is not up, or `policy-not-loaded`.
 */
export async function putInForce(policy: BottlePolicy, grants: readonly Grant[]): Promise<number> {
  const { slug, names } = policy.plan;
  const before = await readGrants(slug);
  await writeGrants(slug, grants);
  try {
    await writeRoutes({ ...policy, grants });
    return await reload(slug, names.bundle);
  } catch (error) {
    await takeBack(policy, before);
    throw error;
  }
}

/** Puts grants in force that were so before. Egress that cannot be asked reads them when it is next started. */
export async function takeBack(policy: BottlePolicy, grants: readonly Grant[]): Promise<void> {
  const { slug, names } = policy.plan;
  await writeGrants(slug, grants);
  await writeRoutes({ ...policy, grants });
  await reload(slug, names.bundle).catch(() => {});
}

/** Finishes or takes back what a kill has interrupted. Call it with the lock, before anything else is changed. */
export async function recover(bottle: string): Promise<void> {
  const grants = await readGrants(bottle);
  if (grants.every(({ state }) => state === 'in-force')) return;
  const policy = await readPolicy(bottle);
  await takeBack(policy, policy.grants);
}

/** Writes what egress reads. */
export async function writeRoutes(policy: BottlePolicy): Promise<void> {
  await writeAtomically(bottlePaths.routes(policy.plan.slug), routesText(effectiveRoutes(policy)));
}

async function reload(slug: string, container: string): Promise<number> {
  const result = await dockerTry(
    ['exec', container, 'node', CONTAINER_PATHS.controlProgram, 'reload', 'egress'],
    { timeoutMs: RELOAD_TIMEOUT_MS },
  );
  if (/no such container|is not running/i.test(result.stderr)) {
    throw new BottleError('state-missing', `the bundle of ${slug} is not up, so nothing was decided`, {
      hint: `Bring it up: make up BOTTLE=${slug}`,
    });
  }
  const reply = replyOf(result.stdout);
  if (reply?.ok === true) return reply.generation;
  const said = reply?.error ?? (result.stderr || 'it does not answer');
  throw new BottleError('policy-not-loaded', `egress of ${slug} did not load the new policy: ${said}`, {
    hint: 'The policy is as it was before. `docker logs` of the bundle tells more.',
  });
}

function replyOf(text: string) {
  try {
    return reloadReply.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
