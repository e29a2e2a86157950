import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ImageArchive } from '../../../lib/freeze/image-archive.ts';

const SETTINGS = {
  User: '0',
  WorkingDir: '/',
  Env: ['A=b'],
  Entrypoint: ['/usr/libexec/bot-bottle/guest-tool', 'idle'],
  Cmd: [],
  Labels: { from: 'a test' },
};
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('an image is written while its layer arrives, with the digests of what arrived', async () => {
  const path = join(directory, 'image.tar');
  const archive = await ImageArchive.create(path);
  // Many small parts and some that are larger than what is written at once.
  const parts = [...Array(3000).keys()].map((size) => Buffer.alloc(size, size % 251));
  const layer = Buffer.concat([...parts, Buffer.alloc(5_000_001, 7)]);
  await archive.write(parts);
  await archive.write([layer.subarray(-5_000_001)]);
  const { id, bytes } = await archive.finish(SETTINGS, 'kept:latest');
  expect(bytes).toBe(statSync(path).size);

  const entry = (name: string) => execFileSync('tar', ['-xOf', path, name], { maxBuffer: 1 << 28 });
  const digest = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const [manifest] = JSON.parse(entry('manifest.json').toString());
  expect(manifest).toEqual({
    Config: `${id.slice(7)}.json`,
    RepoTags: ['kept:latest'],
    Layers: ['layer.tar'],
  });
  expect(entry('layer.tar').equals(layer)).toBe(true);
  const config = entry(manifest.Config);
  expect(digest(config)).toBe(id);
  expect(JSON.parse(config.toString())).toMatchObject({
    os: 'linux',
    config: SETTINGS,
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  });
});

it('does not write over a file that is there', async () => {
  const path = join(directory, 'there.tar');
  await (await ImageArchive.create(path)).close();
  await expect(ImageArchive.create(path)).rejects.toThrow('EEXIST');
});
