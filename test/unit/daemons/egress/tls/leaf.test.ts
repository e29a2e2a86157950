import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEADLINES, MAX_WARM_LEAVES } from '../../../../../lib/daemons/egress/http/limits.ts';
import { Interceptor } from '../../../../../lib/daemons/egress/tls/interceptor.ts';
import { threadedLeafIssuer } from '../../../../../lib/daemons/egress/tls/leaf-thread.ts';
import { LEAF_WORKER } from '../../../../../lib/daemons/egress/workers.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';

const bottle = testAuthority('the bottle CA');
const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;

/** What OpenSSL says about a certificate for this host, as strict as in Python 3.13. */
async function opensslVerdict(
  authority: { certificate: string },
  cert: string,
  host: string,
): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'leaf-'));
  const [ca, leaf] = [join(directory, 'ca.pem'), join(directory, 'leaf.pem')];
  try {
    await Promise.all([writeFile(ca, authority.certificate), writeFile(leaf, cert)]);
    const purpose = ['-purpose', 'sslserver', '-verify_hostname', host];
    const { stdout, stderr } = spawnSync(
      'openssl',
      ['verify', '-x509_strict', '-CAfile', ca, ...purpose, leaf],
      { encoding: 'utf8' },
    );
    return `${stdout}${stderr}`;
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('leaves', () => {
  it('a leaf has its own P-256 key and the validity period of its CA', async () => {
    const [one, two] = await Promise.all([bottle.leaf('a.example'), bottle.leaf('a.example')]);
    const certificate = new X509Certificate(one.cert);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(one.key).not.toBe(two.key);
    expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{39}$/);
    expect(certificate.serialNumber).not.toBe(new X509Certificate(two.cert).serialNumber);
    const ca = new X509Certificate(bottle.certificate);
    expect(certificate.validFrom).toBe(ca.validFrom);
    expect(certificate.validTo).toBe(ca.validTo);
  });

  it.skipIf(!hasOpenssl)(
    `a leaf passes the strict checks of OpenSSL with either kind of CA key${hasOpenssl ? '' : ' (skipped: not installed)'}`,
    async () => {
      const long = `${'label-of-twenty-chars.'.repeat(5)}example`;
      for (const authority of [bottle, testAuthority('an RSA CA', 'rsa')]) {
        for (const host of ['a.example', 'xn--bcher-kva.example', long]) {
          const { cert } = await authority.leaf(host);
          expect(await opensslVerdict(authority, cert, host)).toMatch(/leaf\.pem: OK\n$/);
          expect(await opensslVerdict(authority, cert, 'b.example')).toMatch(/hostname mismatch/i);
        }
      }
      const { cert } = await bottle.leaf('a.example');
      expect(await opensslVerdict(testAuthority('a stranger'), cert, 'a.example')).toMatch(/unable to get/i);
    },
  );

  it('the leaf thread issues many leaves at once and returns each to its caller', async () => {
    const issue = threadedLeafIssuer(bottle.authority, LEAF_WORKER);
    const hosts = Array.from({ length: 20 }, (_, index) => `host-${index}.example`);
    const leaves = await Promise.all(hosts.map(issue));
    const ca = new X509Certificate(bottle.certificate);
    for (const [index, { cert }] of leaves.entries()) {
      const leaf = new X509Certificate(cert);
      expect(leaf.checkHost(hosts[index] ?? '')).toBe(hosts[index]);
      expect(leaf.verify(ca.publicKey)).toBe(true);
    }
  });
});

describe('leaves made ahead', () => {
  it('egress makes each leaf for a host of a route ahead, once, up to a limit', async () => {
    const asked: string[] = [];
    const interceptor = new Interceptor({
      issue: (host) => {
        asked.push(host);
        return bottle.leaf(host);
      },
      deadlines: DEADLINES,
      opened: () => {},
      failed: () => {},
    });
    const named = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ host: `host-${index}.example`, port: 443 }));
    await interceptor.warm(named(3));
    await interceptor.warm(named(3));
    await interceptor.prepare({ host: 'host-1.example', port: 443 });
    expect(asked).toEqual(['host-0.example', 'host-1.example', 'host-2.example']);
    await interceptor.warm(named(1000));
    expect(asked).toHaveLength(MAX_WARM_LEAVES);
  });
});
