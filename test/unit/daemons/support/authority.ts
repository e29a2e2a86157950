import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import type { BottleAuthority } from '../../../../lib/daemons/egress/authority-file.ts';
import { type Leaf, leafIssuer } from '../../../../lib/daemons/egress/leaf-issuer.ts';

export interface TestAuthority extends BottleAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly keyPem: string;
  /** A server certificate of this authority. */
  leaf(host: string): Promise<Leaf>;
}

export const keyPair = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength: 2048 });

export const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A fresh CA, as the host mints one for each bottle. */
export function testAuthority(name: string): TestAuthority {
  const { publicKey, privateKey } = keyPair();
  const keyPem = privatePem(privateKey);
  const key = forge.pki.privateKeyFromPem(keyPem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(
    publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  certificate.serialNumber = '4001';
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  const subject = [
    { name: 'commonName', value: name },
    { name: 'organizationName', value: 'bottle-kit tests' },
  ];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(key, forge.md.sha256.create());
  const authority: BottleAuthority = {
    subject: certificate.subject.attributes,
    keyIdentifier: certificate.generateSubjectKeyIdentifier().getBytes(),
    key,
    notBefore: certificate.validity.notBefore,
    notAfter: certificate.validity.notAfter,
  };
  const issue = leafIssuer(authority, Promise.resolve(keyPair()));
  return { ...authority, certificate: forge.pki.certificateToPem(certificate), keyPem, leaf: issue };
}
