import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../bottle/files.ts';
import { bottlePaths } from '../bottle/paths.ts';
import { mintBottleCa } from '../certs/bottle-ca.ts';
import type { Phase } from './phase.ts';
import { prepare } from './prepare.ts';

const certificates = z.strictObject({
  /** Directory with `ca.pem` (certificate and key, 0600): mounted into the bundle. */
  directory: z.string(),
  /** The certificate alone: goes into the guest's trust. */
  certificate: z.string(),
  /** SHA-256 of the certificate, upper-case hex with colons. */
  fingerprint: z.string(),
});
export type Certificates = z.infer<typeof certificates>;

/** Mints the bottle's own CA: no other bottle, and nobody else, trusts it. */
export const mintCerts: Phase<Certificates> = {
  name: 'mint-certs',
  summary: 'mint the bottle’s certificate authority for intercepting TLS',
  needs: [prepare],
  record: certificates,
  durable: true,

  async run({ slug }) {
    const ca = await mintBottleCa(slug);
    const directory = bottlePaths.ca(slug);
    // Outside the mounted directory, which holds only what the bundle needs.
    const certificate = join(bottlePaths.egress(slug), '..', 'egress-ca-cert.pem');
    await writeWhole(join(directory, 'ca.pem'), `${ca.certificatePem}${ca.privateKeyPem}`, 0o600);
    await writeWhole(certificate, ca.certificatePem, 0o644);
    return { directory, certificate, fingerprint: ca.fingerprint };
  },

  async isAlive(_context, { directory, certificate, fingerprint }) {
    try {
      const key = await stat(join(directory, 'ca.pem'));
      const pem = await readFile(certificate);
      return key.isFile() && new X509Certificate(pem).fingerprint256 === fingerprint;
    } catch {
      return false;
    }
  },

  describe: ({ fingerprint }) => `CA ${fingerprint}`,
};
