import { randomBytes } from 'node:crypto';
import { SELFTEST_NONCE_ENV } from '../daemons/contract/selftest/selftest.ts';
import { homeDirectory } from '../host/directories.ts';
import { readHostVariables } from '../host/variables.ts';
import type { Plan } from '../plan/schema.ts';
import { SIGN_IN_VARIABLE } from '../plan/sign-in.ts';
import { readSignIn } from '../providers/read-sign-in.ts';
import { signInOf } from '../providers/sign-in-of.ts';

/** As hard to guess as any token; so is half of it, when the probe searches for it. */
const NONCE_BYTES = 32;

/**
 * Returns the values of the bundle's token slots and of this launch's nonce. They reach the container only
 * through the environment of the `docker run` process; its command line contains just the names.
 * @throws BottleError `variable-missing`, `credentials-unusable`
 */
export async function bundleSecrets(plan: Plan): Promise<Record<string, string>> {
  const signIn = await signInOf(plan.provider, homeDirectory());
  const host = {
    ...process.env,
    [SIGN_IN_VARIABLE]: signIn === undefined ? undefined : (await readSignIn(signIn)).token,
  };
  return {
    ...readHostVariables(tokenSlots(plan), host),
    [SELFTEST_NONCE_ENV]: randomBytes(NONCE_BYTES).toString('hex'),
  };
}

/** Returns the names of all slots and of the nonce, for `docker run --env NAME`. */
export function bundleSecretNames(plan: Plan): string[] {
  return [...Object.keys(tokenSlots(plan)), SELFTEST_NONCE_ENV].toSorted();
}

/** Returns the host variables of all slots. */
export function bundleSecretVariables(plan: Plan): string[] {
  return Object.values(tokenSlots(plan)).filter((variable) => variable !== SIGN_IN_VARIABLE);
}

/** Returns slot -> host variable: the tokens that egress injects, and those of the git gate's HTTPS upstreams. */
function tokenSlots({ egress, git }: Plan): Record<string, string> {
  const ofGit = git.flatMap(({ key }) => (key.kind === 'token' ? [[key.slot, key.variable]] : []));
  return { ...egress.tokens, ...Object.fromEntries(ofGit) };
}
