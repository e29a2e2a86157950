import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import {
  BasicConstraints,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { commonName, extension, signCertificate } from '../daemons/contract/certificate.ts';
import { type BottleCa, caName, caValidity } from './ca-profile.ts';

/**
 * Creates the CA with which a bottle's pipelock signs leaves. It is separate from egress's CA, so that
 * trusting one does not imply trusting the other. Pipelock 2.3.0 reads only a P-256 key in SEC 1 form
 * (`certgen.LoadCA`).
 */
export function mintPipelockCa(slug: string): BottleCa {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  const certificatePem = signCertificate({
    subject: commonName(caName(slug, 'pipelock')),
    publicKey: pair.publicKey,
    issuer: { key: pair.privateKey },
    ...caValidity(),
    extensions: [
      // Path length 0: the CA can sign only leaves, never another CA.
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
    ],
  });
  const { fingerprint256: fingerprint } = new X509Certificate(certificatePem);
  const privateKeyPem = pair.privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  return { certificatePem, privateKeyPem, fingerprint };
}
