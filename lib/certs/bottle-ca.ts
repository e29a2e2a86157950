import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { type BottleCa, caName, caValidity } from './ca-profile.ts';

/** The key type that every TLS client in use verifies, old ones included. */
const MODULUS_BITS = 2048;

/** RFC 5280: bytes of a serial number at most. */
const SERIAL_BYTES = 20;

/**
 * Mints the CA with which one bottle's egress signs the certificates of the hosts that it intercepts. Node generates the
 * key, off the main thread; node-forge makes the certificate.
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
  // Leaves repeat the issuer's name byte for byte, and have theirs in UTF-8.
  const name = { name: 'commonName', value: caName(slug, 'egress'), valueTagClass: forge.asn1.Type.UTF8 };
  certificate.setSubject([name as unknown as forge.pki.CertificateField]);
  certificate.setIssuer([name as unknown as forge.pki.CertificateField]);
  certificate.setExtensions([
    // Path length 0: it signs leaves only, so that a leaf can never be passed off as another CA.
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
    // OpenSSL's strict mode (Python 3.13) asks for it.
    { name: 'authorityKeyIdentifier', keyIdentifier: true },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKeyPem), forge.md.sha256.create());
  const certificatePem = forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n');
  const { fingerprint256: fingerprint } = new X509Certificate(certificatePem);
  return { certificatePem, privateKeyPem, fingerprint };
}

/** Random hex; the first byte is 0x40 to 0x7f, so that DER reads no sign and needs no padding. */
function positiveSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.toString('hex');
}
