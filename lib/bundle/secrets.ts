import { randomBytes } from 'node:crypto';
import { SELFTEST_NONCE_ENV } from '../daemons/contract/selftest/selftest.ts';
import { readHostVariables } from '../host/variables.ts';
import type { Plan } from '../plan/schema.ts';

/** 32 bytes: as hard to guess as any token, and half of it still is when the probe searches for it. */
const NONCE_BYTES = 32;

/**
 * Values for the bundle's token slots and for this launch's nonce. They reach the container through the
 * environment of the `docker run` process alone: its command line carries bare names.
 */
export function bundleSecrets(plan: Plan): Record<string, string> {
  return {
    ...readHostVariables(plan.egress.tokens),
    [SELFTEST_NONCE_ENV]: randomBytes(NONCE_BYTES).toString('hex'),
  };
}

/** Names of all slots, for the bare `--env NAME` of `docker run`. */
export function bundleSecretNames(plan: Plan): string[] {
  return [...Object.keys(plan.egress.tokens), SELFTEST_NONCE_ENV].toSorted();
}
