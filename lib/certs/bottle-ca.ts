import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A guest's clock may run behind the host's after the host slept. */
const BACKDATED_MS = HOUR_MS;
/** A bottle is minted anew at each launch and may be resumed for weeks; no browser rule binds a private root. */
const VALID_MS = 30 * DAY_MS;
/** X.520 upper bound of a common name, in characters. */
const MAX_COMMON_NAME = 64;

export interface BottleCa {
  certificatePem: string;
  /** PKCS #8, unencrypted: the caller keeps it in a file of mode 0600. */
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
  certificate.serialNumber = serialNumber();
  const now = Date.now();
  certificate.validity.notBefore = new Date(now - BACKDATED_MS);
  certificate.validity.notAfter = new Date(now + VALID_MS);
  const name = [{ name: 'commonName', value: commonName(slug) }];
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

function commonName(slug: string): string {
  const [before, after] = ['bot-bottle ', ' egress CA'];
  return `${before}${slug.slice(0, MAX_COMMON_NAME - before.length - after.length)}${after}`;
}

/** Hex of 20 bytes, the most that RFC 5280 allows; the first between 0x40 and 0x7f, so positive without padding. */
function serialNumber(): string {
  const bytes = randomBytes(20);
  bytes[0] = (bytes.readUInt8(0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
