import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleContentDigest, stageBundleContext } from '../../../lib/bundle/context.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bundle-context-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the build context of the bundle', () => {
  it('holds the daemons and what they import, and nothing of the host side', async () => {
    await stageBundleContext(join(directory, 'context'));
    const app = join(directory, 'context', 'app');
    expect(await readdir(join(directory, 'context'))).toEqual(['Dockerfile', 'app']);
    expect(await readdir(join(app, 'lib'))).toEqual(['daemons']);
    expect(JSON.parse(await readFile(join(app, 'package.json'), 'utf8')).type).toBe('module');
  });

  it('has every package that its programs import: they start with nothing else', async () => {
    await stageBundleContext(join(directory, 'context'));
    const daemons = join(directory, 'context', 'app', 'lib', 'daemons');
    for (const program of [
      'egress/main.ts',
      'egress/leaf-issuer.ts',
      'selftest/self-signed.ts',
      'init/control-server.ts',
    ]) {
      const { stderr } = spawnSync(
        process.execPath,
        [join(daemons, program), '--routes', '/nowhere', '--ca', '/nowhere'],
        {
          encoding: 'utf8',
          env: { PATH: process.env.PATH },
          timeout: 20_000,
        },
      );
      expect(stderr, program).not.toMatch(/ERR_MODULE_NOT_FOUND|Cannot find/);
    }
  });

  it('can be read by any user of the container, whatever the umask of the host', async () => {
    const umask = process.umask(0o077);
    try {
      await stageBundleContext(join(directory, 'context'));
    } finally {
      process.umask(umask);
    }
    const entries = await readdir(join(directory, 'context'), { recursive: true });
    for (const entry of entries) {
      const { mode } = await stat(join(directory, 'context', entry));
      expect(mode & 0o004, entry).toBe(0o004);
    }
  });

  it('has one digest for one content', async () => {
    expect(await bundleContentDigest()).toMatch(/^[0-9a-f]{64}$/);
    expect(await bundleContentDigest()).toBe(await bundleContentDigest());
  });
});
