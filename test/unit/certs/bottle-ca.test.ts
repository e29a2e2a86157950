import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyUsage,
} from '@peculiar/asn1-x509';
import { describe, expect, it } from 'vitest';
import { mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import type { BottleCa } from '../../../lib/certs/ca-profile.ts';
import { leafOf } from '../../support/leaf.ts';

/** Returns how a client that trusts only `trusted` judges a server that presents `leaf`. */
async function shake(leaf: { key: string; cert: string }, trusted: BottleCa): Promise<string> {
  const server = createServer(leaf, (socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('tlsClientError', () => undefined);
  const { port } = server.address() as AddressInfo;
  const client: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    servername: 'a.example',
    ca: trusted.certificatePem,
  });
  try {
    await once(client, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    client.destroy();
    server.close();
  }
}

describe('the CA of a bottle', () => {
  it('a bottle’s CA is named after it, is self-signed, and may sign only leaves', async () => {
    const ca = await mintBottleCa('demo-a1b2c');
    const certificate = new X509Certificate(ca.certificatePem);
    expect(certificate.subject).toBe('CN=bot-bottle demo-a1b2c egress CA');
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(ca.privateKeyPem))).toBe(true);
    expect(certificate.publicKey.asymmetricKeyType).toBe('rsa');
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(certificate.signatureAlgorithm).toBe('sha256WithRSAEncryption');
    expect(certificate.fingerprint256).toBe(ca.fingerprint);
    expect(ca.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);

    const { extensions } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
    const stated = (id: string) => extensions?.find(({ extnID }) => extnID === id);
    const constraints = stated(id_ce_basicConstraints);
    const usage = stated(id_ce_keyUsage);
    if (constraints === undefined || usage === undefined) throw new Error('an extension is missing');
    expect(constraints.critical).toBe(true);
    expect(AsnConvert.parse(constraints.extnValue, BasicConstraints)).toMatchObject({
      cA: true,
      pathLenConstraint: 0,
    });
    expect(usage.critical).toBe(true);
    expect(AsnConvert.parse(usage.extnValue, KeyUsage).toJSON()).toEqual(['crlSign', 'keyCertSign']);
    expect(stated(id_ce_subjectKeyIdentifier)).toBeDefined();
  });

  it('a bottle’s CA is valid from an hour ago for thirty days', async () => {
    const certificate = new X509Certificate((await mintBottleCa('demo-a1b2c')).certificatePem);
    const minutes = (to: Date) => Math.round((to.getTime() - Date.now()) / 60_000);
    expect(minutes(certificate.validFromDate)).toBe(-60);
    expect(minutes(certificate.validToDate)).toBe(30 * 24 * 60);
  });

  it('a bottle’s CA has a unique positive 20-byte serial and a unique key', async () => {
    const [one, two] = await Promise.all([mintBottleCa('demo-a1b2c'), mintBottleCa('demo-a1b2c')]);
    const serials = [one, two].map((ca) => new X509Certificate(ca.certificatePem).serialNumber);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{39}$/);
    expect(serials[0]).not.toBe(serials[1]);
    expect(one.privateKeyPem).not.toBe(two.privateKeyPem);
  });

  it('a TLS client trusts leaves of its bottle’s CA, but not of another', async () => {
    const [ours, other] = await Promise.all([mintBottleCa('demo-a1b2c'), mintBottleCa('demo-d3e4f')]);
    const leaf = leafOf(ours, 'a.example');
    expect(await shake(leaf, ours)).toBe('trusted');
    expect(await shake(leaf, other)).not.toBe('trusted');
    expect(await shake(leafOf(ours, 'b.example'), ours)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('a bottle’s CA cannot sign another CA', async () => {
    const ours = await mintBottleCa('demo-a1b2c');
    const middle = leafOf(ours, 'middle', { ca: true });
    const leaf = leafOf({ certificatePem: middle.cert, privateKeyPem: middle.key }, 'a.example');
    expect(await shake({ key: leaf.key, cert: `${leaf.cert}\n${middle.cert}` }, ours)).not.toBe('trusted');
  });

  it('the CA’s common name is at most 64 characters for a very long slug', async () => {
    const { subject } = new X509Certificate((await mintBottleCa(`a${'b'.repeat(200)}`)).certificatePem);
    expect(subject).toMatch(/^CN=bot-bottle ab+ egress CA$/);
    expect(subject.length - 'CN='.length).toBe(64);
  });
});
