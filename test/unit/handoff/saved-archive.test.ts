import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mendSavedArchive } from '../../../lib/handoff/saved-archive.ts';
import { readImageArchive } from '../../../smolvm-fakes/src/archive/image-archive.ts';
import { writeTar } from '../../support/contract/archive.ts';
import { layerOf } from '../../support/contract/image.ts';
import { hexDigest, SAVED_SHAPES, SAVED_TAG } from '../../support/saved-images.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  path = join(directory, 'image.tar');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const signal = new AbortController().signal;
const mend = () => mendSavedArchive(path, SAVED_TAG, signal);

/** Three layers, of which the last repeats the first. */
async function layers(): Promise<Buffer[]> {
  const make = async (name: string, content: string) => {
    writeFileSync(join(directory, name), content);
    return gunzipSync(await layerOf(directory, [name]));
  };
  const first = await make('first', 'one');
  return [first, await make('second', 'x'.repeat(300_000)), first];
}

const entry = (name: string) => execFileSync('tar', ['-xOf', path, name], { maxBuffer: 1 << 28 });

describe.each(Object.entries(SAVED_SHAPES))('what docker save writes: %s', (_shape, save) => {
  it('is read by smolvm, with the layers in their order', async () => {
    const wanted = await layers();
    await save(path, wanted);
    await mend();
    const descriptor = openSync(path, 'r');
    const archive = readImageArchive({ descriptor, start: 0, end: statSync(path).size }, process.arch);
    expect(archive.config.config).toMatchObject({ User: 'node', Env: ['A=b'] });
    const whole = readFileSync(path);
    const found = archive.layers.map(({ start, end }) => whole.subarray(start, end));
    expect(found.map((layer) => hexDigest(layer[0] === 0x1f ? gunzipSync(layer) : layer))).toEqual(
      wanted.map((layer) => hexDigest(layer)),
    );
  });

  it('is read by crane, which takes the first layer’s compression for that of all', async () => {
    await save(path, await layers());
    await mend();
    const [image] = JSON.parse(entry('manifest.json').toString());
    const whole = readFileSync(path);
    const descriptor = openSync(path, 'r');
    const { layers: found } = readImageArchive({ descriptor, start: 0, end: whole.length }, process.arch);
    const first = (at: number) => whole.readUInt16BE(at) === 0x1f8b;
    expect(new Set(found.map(({ start }) => first(start))).size).toBe(1);
    expect(image.RepoTags).toEqual([SAVED_TAG]);
    expect(JSON.parse(entry(image.Config).toString()).rootfs.diff_ids).toHaveLength(3);
  });
});

it.each(['the containerd store, built on a loaded image', 'the containerd store, built on a zstd image'])(
  'an interruption ends the writing of what %s saved',
  async (shape) => {
    await SAVED_SHAPES[shape]?.(path, await layers());
    const before = hexDigest(readFileSync(path));
    const interrupted = AbortSignal.abort(new Error('interrupted'));
    await expect(mendSavedArchive(path, SAVED_TAG, interrupted)).rejects.toThrow('interrupted');
    expect(hexDigest(readFileSync(path))).toBe(before);
  },
);

it('an archive that both can read stays as it is', async () => {
  await SAVED_SHAPES['24 to 29 with the containerd store']?.(path, await layers());
  const before = hexDigest(readFileSync(path));
  await mend();
  expect(hexDigest(readFileSync(path))).toBe(before);
});

describe('what no guest could boot', () => {
  const image = {
    Config: 'config.json',
    RepoTags: [SAVED_TAG],
    Layers: ['blobs/sha256/a', 'blobs/sha256/b'],
  };

  it('layers that the engine never fetched are named before anything boots', async () => {
    const files = { 'config.json': '{}', 'manifest.json': JSON.stringify([image]), 'blobs/sha256/a': 'x' };
    await writeTar(path, files, {});
    await expect(mend()).rejects.toMatchObject({
      code: 'image-unusable',
      message: `docker save left out 1 of 2 layers of ${SAVED_TAG}`,
      hint: expect.stringContaining('pull it again'),
    });
  });

  it('an image for another platform is named as such', async () => {
    await writeTar(path, { 'index.json': '{}', 'oci-layout': '{}' }, {});
    await expect(mend()).rejects.toMatchObject({
      code: 'image-unusable',
      message: `docker save gave no image of ${SAVED_TAG} that this machine can run`,
      hint: expect.stringContaining('--platform'),
    });
  });

  it('a damaged layer is named, and no half archive stays', async () => {
    const damaged = gzipSync(Buffer.alloc(100_000, 'x')).subarray(0, 60);
    const files = { 'config.json': '{}', 'blobs/sha256/a': 'plain', 'blobs/sha256/b': damaged };
    await writeTar(path, { ...files, 'manifest.json': JSON.stringify([image]) }, {});
    const before = copyOf(path);
    await expect(mend()).rejects.toMatchObject({
      code: 'image-unusable',
      message: expect.stringContaining('damaged'),
    });
    expect(readFileSync(path)).toEqual(readFileSync(before));
  });

  it.each([
    ['its configuration', { 'manifest.json': JSON.stringify([image]) }],
    ['JSON', { 'config.json': '{}', 'manifest.json': '[{' }],
  ])('an archive without %s is named as damaged', async (_what, files) => {
    await writeTar(path, { 'blobs/sha256/a': 'x', 'blobs/sha256/b': 'y', ...files }, {});
    await expect(mend()).rejects.toMatchObject({
      code: 'image-unusable',
      message: `docker save wrote a damaged archive of ${SAVED_TAG}`,
    });
  });

  it('links in a circle are no layer', async () => {
    const files = { 'config.json': '{}', 'manifest.json': JSON.stringify([image]) };
    const links = { 'blobs/sha256/a': 'b', 'blobs/sha256/b': 'a' };
    await writeTar(path, files, links);
    await expect(mend()).rejects.toThrow('left out 2 of 2 layers');
  });
});

function copyOf(file: string): string {
  copyFileSync(file, `${file}.copy`);
  return `${file}.copy`;
}
