import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import {
  BasicConstraints,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { commonName, extension, signCertificate } from '../daemons/contract/certificate.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A guest's clock may run behind the host's after the host slept. */
const BACKDATED_MS = HOUR_MS;
/** A bottle is minted anew at each launch and may be resumed for weeks; no browser rule binds a private root. */
const VALID_MS = 30 * DAY_MS;
/** X.520 upper bound of a common name, in characters. */
const MAX_COMMON_NAME = 64;

export interface MintedCa {
  readonly certificatePem: string;
  readonly privateKey: KeyObject;
  /** SHA-256 of the certificate's DER, upper-case hex with colons. */
  readonly fingerprint: string;
}

/** A CA on P-256 with which one daemon of one bottle signs certificates of servers, and nothing else. */
export function mintCa(slug: string, daemon: 'egress' | 'pipelock'): MintedCa {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  const now = Date.now();
  const certificatePem = signCertificate({
    subject: commonName(nameOf(slug, daemon)),
    publicKey: pair.publicKey,
    issuer: { key: pair.privateKey },
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + VALID_MS),
    extensions: [
      // Path length 0: it signs leaves only, so that a leaf can never be passed off as another CA.
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
    ],
  });
  const { fingerprint256: fingerprint } = new X509Certificate(certificatePem);
  return { certificatePem, privateKey: pair.privateKey, fingerprint };
}

function nameOf(slug: string, daemon: string): string {
  const [before, after] = ['bot-bottle ', ` ${daemon} CA`];
  return `${before}${slug.slice(0, MAX_COMMON_NAME - before.length - after.length)}${after}`;
}
