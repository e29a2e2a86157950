import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import forge from 'node-forge';
import { describe, expect, it } from 'vitest';
import { mintBottleCa } from '../../../lib/certs/bottle-ca.ts';
import { javaTrustStore } from '../../../lib/certs/java-trust-store.ts';
import { mintPipelockCa } from '../../../lib/certs/pipelock-ca.ts';
import { onPath } from '../../../lib/docker/debian-host.ts';

const hasJava = await onPath('keytool');

describe('javaTrustStore', () => {
  it('another reader of PKCS #12 finds the certificate, without a password', async () => {
    const { certificatePem } = await mintBottleCa('demo-abcde');
    const bytes = Buffer.from(javaTrustStore(certificatePem)).toString('binary');
    const store = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes));
    const [bag] = store.getBags({ friendlyName: 'bot-bottle' }).friendlyName ?? [];
    const found = bag?.cert && forge.pki.certificateToPem(bag.cert).replaceAll('\r\n', '\n');
    expect(found).toBe(certificatePem);
  });

  it.skipIf(!hasJava)(
    `Java trusts the certificate, whatever its key${hasJava ? '' : ' (skipped: keytool is not installed)'}`,
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'trust-store-'));
      for (const { certificatePem } of [await mintBottleCa('demo-abcde'), mintPipelockCa('demo-abcde')]) {
        const file = join(directory, 'ca.p12');
        await writeFile(file, javaTrustStore(certificatePem));
        const args = ['-list', '-storetype', 'PKCS12', '-keystore', file];
        const { stdout } = await execa('keytool', args, { input: '' });
        expect(stdout).toContain('trustedCertEntry');
        expect(stdout).toContain(new X509Certificate(certificatePem).fingerprint256);
      }
      await rm(directory, { recursive: true });
    },
  );
});
