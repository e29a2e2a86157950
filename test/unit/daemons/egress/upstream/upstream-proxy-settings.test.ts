import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamProxy } from '../../../../../lib/daemons/egress/upstream/upstream-proxy.ts';
import { readUpstreamProxy } from '../../../../../lib/daemons/egress/upstream/upstream-proxy-settings.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';

const ofHop = testAuthority('the CA of the hop');

describe('upstream proxy settings', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'egress-hop-'));
    await writeFile(join(directory, 'ca.pem'), ofHop.certificate);
    await writeFile(join(directory, 'none.pem'), 'nothing here\n');
    await writeFile(
      join(directory, 'broken.pem'),
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    );
  });
  afterEach(() => rm(directory, { recursive: true }));

  const where = async (proxy: string): Promise<Omit<UpstreamProxy, 'trust'> | undefined> =>
    readUpstreamProxy({ proxy }, {});

  it('flags take precedence over environment variables, and empty values count as absent', async () => {
    expect(await where('http://127.0.0.1:8888')).toEqual({ host: '127.0.0.1', port: 8888 });
    expect(await where('http://[::1]:8888/')).toEqual({ host: '::1', port: 8888 });
    expect(await where('http://hop.internal')).toEqual({ host: 'hop.internal', port: 80 });
    const both = {
      EGRESS_UPSTREAM_PROXY: 'http://127.0.0.2:1',
      EGRESS_UPSTREAM_CA: join(directory, 'ca.pem'),
    };
    expect(await readUpstreamProxy({}, both)).toMatchObject({ host: '127.0.0.2', port: 1 });
    expect((await readUpstreamProxy({}, both))?.trust).toBeDefined();
    expect(await readUpstreamProxy({ proxy: 'http://127.0.0.3:1' }, both)).toMatchObject({
      host: '127.0.0.3',
    });
    expect(
      await readUpstreamProxy({}, { EGRESS_UPSTREAM_PROXY: '', EGRESS_UPSTREAM_CA: '' }),
    ).toBeUndefined();
  });

  it.each([
    ['nonsense', 'EGRESS_UPSTREAM_PROXY is no URL'],
    ['https://127.0.0.1:8888', 'EGRESS_UPSTREAM_PROXY must begin with http://'],
    ['http://127.0.0.1:8888/path', 'EGRESS_UPSTREAM_PROXY must be of the form'],
    ['http://me:hunter2@127.0.0.1:8888', 'EGRESS_UPSTREAM_PROXY must hold no credentials'],
  ])('an invalid upstream proxy is reported with its variable: %s', async (value, message) => {
    const refused = readUpstreamProxy({}, { EGRESS_UPSTREAM_PROXY: value });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow('hunter2');
  });

  it('a CA file that is unusable or has no proxy is reported with its flag', async () => {
    const proxy = 'http://127.0.0.1:8888';
    const withCa = (file: string) => readUpstreamProxy({ proxy, ca: join(directory, file) }, {});
    await expect(withCa('absent.pem')).rejects.toThrow('--upstream-ca: ENOENT');
    await expect(withCa('none.pem')).rejects.toThrow(`--upstream-ca: ${join(directory, 'none.pem')}`);
    await expect(withCa('broken.pem')).rejects.toThrow('--upstream-ca: ');
    await expect(readUpstreamProxy({ ca: join(directory, 'ca.pem') }, {})).rejects.toThrow(
      '--upstream-ca is set without an upstream proxy',
    );
  });
});
