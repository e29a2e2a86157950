import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAuthority } from '../../../../../lib/daemons/egress/tls/authority-file.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';

const authority = testAuthority('a CA');
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'authority-'));
  path = join(directory, 'ca.pem');
});
afterEach(() => rm(directory, { recursive: true }));

describe("the bottle's CA file", () => {
  it('the CA file holds certificate and key in either order', async () => {
    for (const parts of [
      [authority.certificate, authority.keyPem],
      [authority.keyPem, authority.certificate],
    ]) {
      await writeFile(path, parts.join(''));
      expect((await readAuthority(path)).certificate.fingerprint256).toBe(
        new X509Certificate(authority.certificate).fingerprint256,
      );
    }
  });

  it('the CA file is refused without a key, with a foreign key, or if it holds no CA', async () => {
    const leaf = await authority.leaf('a.example');
    const cases: [string, RegExp][] = [
      [authority.certificate, /ca\.pem: holds no PEM block "PRIVATE KEY"/],
      [authority.keyPem, /holds no PEM block "CERTIFICATE"/],
      [authority.certificate + leaf.key, /belongs to another certificate/],
      [leaf.cert + leaf.key, /is no CA/],
    ];
    for (const [text, message] of cases) {
      await writeFile(path, text);
      await expect(readAuthority(path)).rejects.toThrow(message);
    }
  });
});
