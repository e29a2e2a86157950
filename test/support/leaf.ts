import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import {
  BasicConstraints,
  GeneralName,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';
import { commonName, extension, issuerOf, signCertificate } from '../../lib/daemons/contract/certificate.ts';

/** Milliseconds for which a certificate is valid. */
const LIFETIME_MS = 60_000;

/** Returns a certificate for `host` signed by `issuer`, like those of egress; or an intermediate CA. */
export function leafOf(
  issuer: { certificatePem: string; privateKeyPem: string },
  host: string,
  options: { ca?: boolean; moreHosts?: readonly string[]; lifetimeMs?: number } = {},
): { key: string; cert: string } {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  const cert = signCertificate({
    subject: commonName(host),
    publicKey: pair.publicKey,
    issuer: issuerOf(new X509Certificate(issuer.certificatePem), createPrivateKey(issuer.privateKeyPem)),
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + (options.lifetimeMs ?? LIFETIME_MS)),
    extensions: options.ca
      ? [
          extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
          extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
        ]
      : [
          extension(
            id_ce_subjectAltName,
            new SubjectAlternativeName(
              [host, ...(options.moreHosts ?? [])].map((dNSName) => new GeneralName({ dNSName })),
            ),
          ),
        ],
  });
  return { key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
}
