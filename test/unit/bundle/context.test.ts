import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleContentDigest, stageBundleContext } from '../../../lib/bundle/context.ts';
import { openTunnel } from '../../support/egress/agent.ts';
import { testAuthority } from '../../support/egress/authority.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bundle-context-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('build context of the bundle', () => {
  it('the context contains the daemons and their imports, and no host code', async () => {
    await stageBundleContext(join(directory, 'context'));
    const app = join(directory, 'context', 'app');
    expect(await readdir(join(directory, 'context'))).toEqual(['Dockerfile', 'app']);
    const files = await readdir(app, { recursive: true });
    expect(files.filter((file) => file.endsWith('.mjs')).toSorted()).toEqual([
      'egress/leaf-worker.mjs',
      'egress/main.mjs',
      'egress/scan-worker.mjs',
      'git-gate/main.mjs',
      'git-gate/pre-receive.mjs',
      'git-gate/proc-receive.mjs',
      'git-http/main.mjs',
      'init/compile.mjs',
      'init/ctl.mjs',
      'init/main.mjs',
      'selftest/main.mjs',
      'supervise/main.mjs',
    ]);
    const licenses = files.filter((file) => file.startsWith('licenses/'));
    expect(licenses).toEqual(expect.arrayContaining(['licenses/zod', 'licenses/@peculiar/asn1-x509']));
  });

  it('egress and its worker threads run from their bundled files alone', async () => {
    await stageBundleContext(join(directory, 'context'));
    const authority = testAuthority('the bottle CA');
    const [routes, ca] = [join(directory, 'routes.yaml'), join(directory, 'ca.pem')];
    await writeFile(routes, 'version: 1\nroutes: [{ host: api.example.com }]\n');
    await writeFile(ca, `${authority.certificate}${authority.keyPem}`);
    const program = join(directory, 'context', 'app', 'egress', 'main.mjs');
    const port = 20_000 + (process.pid % 20_000);
    const flags = ['--routes', routes, '--ca', ca, '--control', join(directory, 'control.sock')];
    const daemon = spawn(process.execPath, [program, ...flags, '--listen', `127.0.0.1:${port}`], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      for await (const line of daemon.stderr) if (String(line).includes('listening on')) break;
      const socket = await openTunnel({
        proxyPort: port,
        target: 'api.example.com:443',
        ca: authority.certificate,
      });
      expect(socket.authorized).toBe(true);
      socket.destroy();
    } finally {
      daemon.kill('SIGKILL');
    }
  });

  it('every user of the container can read the context, regardless of the host’s umask', async () => {
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

  it('git can execute its hooks, which name their interpreter first', async () => {
    await stageBundleContext(join(directory, 'context'));
    const folder = join(directory, 'context', 'app', 'git-gate');
    for (const [name, isHook] of [
      ['pre-receive.mjs', true],
      ['proc-receive.mjs', true],
      ['main.mjs', false],
    ] as const) {
      const { mode } = await stat(join(folder, name));
      expect((mode & 0o111) === 0o111, name).toBe(isHook);
      expect((await readFile(join(folder, name), 'utf8')).startsWith('#!/usr/bin/env node\n'), name).toBe(
        isHook,
      );
    }
  });

  it('the digest of the same content is always the same', async () => {
    // Each is computed: neither finds what another has remembered.
    const [one, other] = ['one', 'other'].map((name) => bundleContentDigest(join(directory, name)));
    expect(await one).toMatch(/^[0-9a-f]{64}$/);
    expect(await one).toBe(await other);
    expect(await one).toBe(await bundleContentDigest(join(directory, 'one')));
  });
});
