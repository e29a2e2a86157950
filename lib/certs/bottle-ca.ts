import { generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { caName, caSerialNumber, caValidity } from './ca-facts.ts';

export interface BottleCa {
  certificatePem: string;
  /** Unencrypted: the caller keeps it in a file of mode 0600. */
  privateKeyPem: string;
  /** SHA-256 of the certificate's DER, upper-case hex with colons. */
  fingerprint: string;
}

/** Mints the CA with which one bottle's egress signs the certificates of the hosts that it intercepts. */
export async function mintBottleCa(slug: string): Promise<BottleCa> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = caSerialNumber();
  Object.assign(certificate.validity, caValidity());
  const name = [{ name: 'commonName', value: caName(slug, 'egress') }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    // Path length 0: it signs leaves only, so that a leaf can never be passed off as another CA.
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  const certificatePem = forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
  return {
    certificatePem,
    privateKeyPem: privateKey,
    fingerprint: new X509Certificate(certificatePem).fingerprint256,
  };
}
