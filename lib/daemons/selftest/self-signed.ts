import forge from 'node-forge';
import { issueCertificate } from '../certificates/issue-certificate.ts';
import { rsaKeyPair } from '../certificates/rsa-key-pair.ts';

/** Milliseconds; a bundle does not live for a year, and its certificate is made anew at each start. */
const LIFE_MS = 365 * 86_400_000;

/** A fresh self-signed server certificate and its key, PEM. */
export async function selfSigned(host: string): Promise<{ cert: string; key: string }> {
  const { publicKey, privateKey } = await rsaKeyPair();
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const cert = issueCertificate({
    host,
    publicKey,
    issuer: {
      subject: [{ name: 'commonName', value: host }],
      keyIdentifier: forge.pki
        .getPublicKeyFingerprint(
          forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
          { md: forge.md.sha1.create(), type: 'RSAPublicKey' },
        )
        .getBytes(),
      key: forge.pki.privateKeyFromPem(key),
    },
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + LIFE_MS),
  });
  return { cert, key };
}
