import { type KeyObject, randomBytes } from 'node:crypto';
import forge from 'node-forge';

/** Who signs: its name, its key's identifier and its private key. */
export interface Issuer {
  readonly subject: readonly forge.pki.CertificateField[];
  /** Subject Key Identifier of the issuer, as the raw bytes in a binary string. */
  readonly keyIdentifier: string;
  readonly key: forge.pki.rsa.PrivateKey;
}

export interface CertificateRequest {
  /** The one DNS name that the certificate is good for. */
  readonly host: string;
  readonly publicKey: KeyObject;
  readonly issuer: Issuer;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** RFC 5280 allows 64 characters in a common name; clients match the alternative name anyway. */
const MAX_COMMON_NAME = 64;

/** A server certificate for one name, PEM. It carries what OpenSSL's strict mode (Python 3.13) asks for. */
export function issueCertificate(request: CertificateRequest): string {
  const { host, issuer } = request;
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(
    request.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  certificate.serialNumber = positiveSerial();
  certificate.validity.notBefore = request.notBefore;
  certificate.validity.notAfter = request.notAfter;
  certificate.setSubject([
    { name: 'commonName', value: host.length <= MAX_COMMON_NAME ? host : 'bot-bottle' },
  ]);
  certificate.setIssuer([...issuer.subject]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.keyIdentifier },
  ]);
  certificate.sign(issuer.key, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

/** 128 random bits, first byte 0x40 to 0x7f: DER would read a high bit as a negative number. */
function positiveSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex');
}
