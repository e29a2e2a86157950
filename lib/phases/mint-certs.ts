import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { bottlePaths } from '../bottle/paths.ts';
import { CONTAINER_PATHS } from '../daemons/contract/paths.ts';
import { writeAtomically } from '../host/files.ts';
import type { Phase } from './phase.ts';
import { prepare } from './prepare.ts';

const certificates = z.strictObject({
  /** Directory with `ca.pem` (certificate and key, 0600), mounted into the bundle. */
  directory: z.string(),
  /** File with only the certificate, which the guest trusts. */
  certificate: z.string(),
  /** SHA-256 of the certificate, upper-case hex with colons. */
  fingerprint: z.string(),
  /** Pipelock's own CA; absent when the bottle does not use pipelock. */
  pipelock: z.strictObject({ certificate: z.string(), key: z.string(), fingerprint: z.string() }).optional(),
});
export type Certificates = z.infer<typeof certificates>;

/** Creates the bottle's CA, which only its guest trusts. */
export const mintCerts: Phase<Certificates> = {
  name: 'mint-certs',
  summary: 'create the bottle’s certificate authority for intercepting TLS',
  needs: [prepare],
  record: certificates,
  // Each time that the bottle comes up: what trusted the last one must not be worth anything.
  durable: false,

  async run(context) {
    const { slug } = context;
    const { daemons } = await context.read(prepare);
    const { mintBottleCa } = await import('../certs/bottle-ca.ts');
    const ca = await mintBottleCa(slug);
    const directory = bottlePaths.ca(slug);
    // Outside the mounted directory, which contains only what the bundle needs.
    const certificate = join(bottlePaths.egress(slug), '..', 'egress-ca-cert.pem');
    await writeAtomically(join(directory, 'ca.pem'), `${ca.certificatePem}${ca.privateKeyPem}`, 0o600);
    await writeAtomically(certificate, ca.certificatePem, 0o644);
    const pipelock = daemons.includes('pipelock') ? { pipelock: await mintForPipelock(slug) } : {};
    return { directory, certificate, fingerprint: ca.fingerprint, ...pipelock };
  },

  async isAlive(context, { directory, certificate, fingerprint, pipelock }) {
    const { daemons } = await context.read(prepare);
    if (daemons.includes('pipelock') !== (pipelock !== undefined)) return false;
    const key = join(directory, 'ca.pem');
    const minted = [{ certificate, key, fingerprint }, ...(pipelock === undefined ? [] : [pipelock])];
    return (await Promise.all(minted.map(isIntact))).every(Boolean);
  },

  describe: ({ fingerprint }) => `CA ${fingerprint}`,
};

/** Creates pipelock's CA in the directory that is mounted into the bundle for it. */
async function mintForPipelock(slug: string): Promise<NonNullable<Certificates['pipelock']>> {
  const { mintPipelockCa } = await import('../certs/pipelock-ca.ts');
  const ca = mintPipelockCa(slug);
  const directory = bottlePaths.pipelock(slug);
  const certificate = join(directory, basename(CONTAINER_PATHS.pipelockCa));
  const key = join(directory, basename(CONTAINER_PATHS.pipelockCaKey));
  await writeAtomically(key, ca.privateKeyPem, 0o600);
  await writeAtomically(certificate, ca.certificatePem, 0o644);
  return { certificate, key, fingerprint: ca.fingerprint };
}

async function isIntact(minted: { certificate: string; key: string; fingerprint: string }): Promise<boolean> {
  try {
    const key = await stat(minted.key);
    const pem = await readFile(minted.certificate);
    return key.isFile() && new X509Certificate(pem).fingerprint256 === minted.fingerprint;
  } catch {
    return false;
  }
}
