// What the library below registers its parts with; it must be there first.
import 'reflect-metadata';
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { BottleCa } from './bottle-ca.ts';
import { caName, caSerialNumber, caValidity } from './ca-facts.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Mints the CA with which one bottle's pipelock signs for the hosts that egress asks it for. Of its own, so that who
 * trusts egress does not trust pipelock, nor the other way round. ECDSA P-256, its key in SEC 1 form: pipelock 2.3.0
 * reads no other (`certgen.LoadCA`).
 */
export async function mintPipelockCa(slug: string): Promise<BottleCa> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: caSerialNumber(),
    name: [{ CN: [caName(slug, 'pipelock')] }],
    ...caValidity(),
    keys,
    signingAlgorithm: P256,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const certificatePem = `${certificate.toString('pem')}\n`;
  return {
    certificatePem,
    privateKeyPem: KeyObject.from(keys.privateKey).export({ type: 'sec1', format: 'pem' }).toString(),
    fingerprint: new X509Certificate(certificatePem).fingerprint256,
  };
}
