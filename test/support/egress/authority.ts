import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import {
  BasicConstraints,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { commonName, extension, signCertificate } from '../../../lib/daemons/contract/certificate.ts';
import type { BottleAuthority } from '../../../lib/daemons/egress/tls/authority-file.ts';
import { leafIssuer } from '../../../lib/daemons/egress/tls/leaf-issuer.ts';
import type { ServerCertificate } from '../../../lib/daemons/shared/server-certificate.ts';

export interface TestAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly keyPem: string;
  /** The CA as egress loads it. */
  readonly authority: BottleAuthority;
  /** Issues a server certificate signed by this CA. */
  leaf(host: string): Promise<ServerCertificate>;
}

const PAIRS = {
  ec: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

/** A fresh CA: EC, which is fast to make and which an operator may supply, or RSA, like those of bottles. */
export function testAuthority(name: string, kind: keyof typeof PAIRS = 'ec'): TestAuthority {
  const { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject } = PAIRS[kind]();
  const certificate = signCertificate({
    subject: commonName(name),
    publicKey,
    issuer: { key: privateKey },
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
    ],
  });
  const authority = { certificate: new X509Certificate(certificate), key: privateKey };
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificate, keyPem, authority, leaf: leafIssuer(authority) };
}
