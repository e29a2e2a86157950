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
    expect((await readdir(join(app, 'node_modules'))).toSorted()).toEqual([
      'node-forge',
      're2js',
      'yaml',
      'zod',
    ]);
    expect(JSON.parse(await readFile(join(app, 'package.json'), 'utf8')).type).toBe('module');
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
