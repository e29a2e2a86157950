import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { type BottleCa, caName, caValidity } from './ca-profile.ts';

/** RSA, since even old TLS clients support it. */
const MODULUS_BITS = 2048;

/** The maximum length of a serial number (RFC 5280). */
const SERIAL_BYTES = 20;

/**
 * Creates the CA with which a bottle's egress signs leaves. Node generates the key off the main thread;
 * node-forge makes the certificate.
 */
export async function mintBottleCa(slug: string): Promise<BottleCa> {
  const { privateKey: privateKeyPem, publicKey: publicKeyPem } = await promisify(generateKeyPair)('rsa', {
    modulusLength: MODULUS_BITS,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  const { notBefore, notAfter } = caValidity();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKeyPem);
  certificate.serialNumber = positiveSerial();
  certificate.validity.notBefore = notBefore;
  certificate.validity.notAfter = notAfter;
  // Leaves copy the issuer's name byte for byte and encode names in UTF-8.
  const name = { name: 'commonName', value: caName(slug, 'egress'), valueTagClass: forge.asn1.Type.UTF8 };
  certificate.setSubject([name as unknown as forge.pki.CertificateField]);
  certificate.setIssuer([name as unknown as forge.pki.CertificateField]);
  certificate.setExtensions([
    // Path length 0: the CA can sign only leaves, never another CA.
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
    // OpenSSL's strict mode (the default in Python 3.13) requires it.
    { name: 'authorityKeyIdentifier', keyIdentifier: true },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKeyPem), forge.md.sha256.create());
  const certificatePem = forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
  const { fingerprint256: fingerprint } = new X509Certificate(certificatePem);
  return { certificatePem, privateKeyPem, fingerprint };
}

/** Random hex whose first byte is 0x40 to 0x7f: positive in DER, without padding. */
function positiveSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex');
}
