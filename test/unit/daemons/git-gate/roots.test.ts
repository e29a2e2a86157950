import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { testAuthority } from '../../../support/egress/authority.ts';

const ROOTS = join(import.meta.dirname, '../../../../lib/daemons/git-gate/upstream/roots.ts');

it('the roots are Node’s own and those of NODE_EXTRA_CA_CERTS, and none of the machine’s', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'roots-'));
  try {
    const extra = testAuthority('Extra CA').certificate;
    await writeFile(join(directory, 'extra.pem'), extra);
    // Node reads the variable when it starts.
    const script = `import { rootsIn, writeRoots } from ${JSON.stringify(ROOTS)};
      await writeRoots(rootsIn(${JSON.stringify(directory)}));`;
    await execa(process.execPath, ['--input-type=module', '--eval', script], {
      env: { NODE_EXTRA_CA_CERTS: join(directory, 'extra.pem') },
    });
    const text = await readFile(join(directory, 'roots.pem'), 'utf8');
    const written = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const names = (all: readonly string[]) =>
      all.map((one) => new X509Certificate(one).fingerprint256).toSorted();
    expect(names(written)).toEqual(names([...rootCertificates, extra]));
    expect(await readdir(join(directory, 'no-roots'))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
