const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** After the host has slept, a guest's clock may lag behind. */
const BACKDATED_MS = HOUR_MS;

/** A bottle may be resumed for weeks; browser limits on validity do not apply to private roots. */
const VALID_MS = 30 * DAY_MS;

/** Maximum length of a common name in characters (X.520). */
const MAX_COMMON_NAME = 64;

/** A bottle's CA, in PEM. */
export interface BottleCa {
  readonly certificatePem: string;
  /** Unencrypted; the caller must store it with mode 0600. */
  readonly privateKeyPem: string;
  /** SHA-256 of the certificate's DER, upper-case hex with colons. */
  readonly fingerprint: string;
}

/** Daemons with their own CA in each bottle that runs them. */
export type CaOwner = 'egress' | 'pipelock';

/** Returns the common name of a bottle's CA; a very long slug is truncated. */
export function caName(slug: string, owner: CaOwner): string {
  const [before, after] = ['bot-bottle ', ` ${owner} CA`];
  return `${before}${slug.slice(0, MAX_COMMON_NAME - before.length - after.length)}${after}`;
}

export function caValidity(now = Date.now()): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + VALID_MS) };
}
