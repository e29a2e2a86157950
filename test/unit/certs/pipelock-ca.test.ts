import { createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { mintPipelockCa } from '../../../lib/certs/pipelock-ca.ts';

it('pipelock’s CA is self-signed and has a P-256 key in SEC 1 form', () => {
  const [ca, other] = [mintPipelockCa('demo-a1b2c'), mintPipelockCa('demo-a1b2c')];
  const certificate = new X509Certificate(ca.certificatePem);
  expect(certificate.subject).toBe('CN=bot-bottle demo-a1b2c pipelock CA');
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect(ca.privateKeyPem).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n/);
  expect(certificate.checkPrivateKey(createPrivateKey(ca.privateKeyPem))).toBe(true);
  expect(certificate.fingerprint256).toBe(ca.fingerprint);
  expect(other.fingerprint).not.toBe(ca.fingerprint);
});
