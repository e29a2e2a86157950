const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A guest's clock may run behind the host's after the host slept. */
const BACKDATED_MS = HOUR_MS;

/** A bottle is minted anew at each launch and may be resumed for weeks; no browser rule binds a private root. */
const VALID_MS = 30 * DAY_MS;

/** X.520 upper bound of a common name, in characters. */
const MAX_COMMON_NAME = 64;

/** A CA of one bottle, as files. */
export interface BottleCa {
  readonly certificatePem: string;
  /** Unencrypted: the caller keeps it in a file of mode 0600. */
  readonly privateKeyPem: string;
  /** SHA-256 of the certificate's DER, upper-case hex with colons. */
  readonly fingerprint: string;
}

/** The daemons that have a CA of their own in each bottle that runs them. */
export type CaOwner = 'egress' | 'pipelock';

/** Common name of a bottle's CA; a very long slug is cut short. */
export function caName(slug: string, owner: CaOwner): string {
  const [before, after] = ['bot-bottle ', ` ${owner} CA`];
  return `${before}${slug.slice(0, MAX_COMMON_NAME - before.length - after.length)}${after}`;
}

export function caValidity(now = Date.now()): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + VALID_MS) };
}
