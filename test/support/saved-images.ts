import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { writeTar } from './contract/archive.ts';

type Compression = 'none' | 'gzip' | 'zstd';
type Files = Record<string, Buffer | string>;

/** What `docker save` writes, by engine and image store, as far as readers look at it. */
export const SAVED_SHAPES: Readonly<
  Record<string, (path: string, layers: readonly Buffer[]) => Promise<void>>
> = {
  '20.10 to 24': saveInFolders,
  '25 to 29': (path, layers) => saveAsLayout(path, layers, { compressions: ['none'], isNested: false }),
  '24 to 29 with the containerd store': (path, layers) =>
    saveAsLayout(path, layers, { compressions: ['gzip'], isNested: true }),
  // `docker load` keeps layers as they are.
  'the containerd store, built on a loaded image': (path, layers) =>
    saveAsLayout(path, layers, { compressions: ['none', 'gzip'], isNested: true }),
  'the containerd store, built on a zstd image': (path, layers) =>
    saveAsLayout(path, layers, { compressions: ['zstd', 'gzip'], isNested: true }),
  'the containerd store, all zstd': (path, layers) =>
    saveAsLayout(path, layers, { compressions: ['zstd'], isNested: false }),
};

export const hexDigest = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

/** The tag of each saved image. */
export const SAVED_TAG = 'saved:1';

/** One folder a layer, a repeated layer as a link to its first folder. */
async function saveInFolders(path: string, layers: readonly Buffer[]): Promise<void> {
  const config = configOf(layers);
  const files: Files = { [`${hexDigest(config)}.json`]: config, repositories: '{}' };
  const links: Record<string, string> = {};
  const first = new Map<string, string>();
  const names = layers.map((layer, index) => {
    const folder = hexDigest(`${index} ${hexDigest(layer)}`);
    const name = `${folder}/layer.tar`;
    const same = first.get(hexDigest(layer));
    files[`${folder}/VERSION`] = '1.0';
    files[`${folder}/json`] = JSON.stringify({ id: folder });
    if (same === undefined) files[name] = layer;
    else links[name] = `../${same}`;
    first.set(hexDigest(layer), same ?? name);
    return name;
  });
  files['manifest.json'] = manifestOf(`${hexDigest(config)}.json`, names);
  await writeTar(path, files, links);
}

interface LayoutOptions {
  /** Of each layer; the last one also of those behind it. */
  readonly compressions: readonly Compression[];
  /** Whether `index.json` leads to an index with other platforms and attestations, of which the engine has nothing. */
  readonly isNested: boolean;
}

/** An OCI layout with `manifest.json` for older readers. */
async function saveAsLayout(
  path: string,
  layers: readonly Buffer[],
  { compressions, isNested }: LayoutOptions,
): Promise<void> {
  const files: Files = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };
  const add = (content: Buffer | string, mediaType: string) => {
    const name = `blobs/sha256/${hexDigest(content)}`;
    files[name] = content;
    return { name, mediaType, digest: `sha256:${hexDigest(content)}`, size: Buffer.from(content).length };
  };
  const config = add(configOf(layers), 'application/vnd.oci.image.config.v1+json');
  const saved = layers.map((layer, index) =>
    add(
      compressed(layer, compressions[index] ?? compressions.at(-1) ?? 'none'),
      'application/vnd.oci.image.layer.v1.tar',
    ),
  );
  const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = add(JSON.stringify({ schemaVersion: 2, config, layers: saved }), ociManifest);
  const ociIndex = 'application/vnd.oci.image.index.v1+json';
  const absent = { mediaType: ociManifest, digest: `sha256:${'0'.repeat(64)}`, size: 1 };
  const attestation = { ...absent, platform: { os: 'unknown', architecture: 'unknown' } };
  const top = isNested
    ? add(
        JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [attestation, manifest] }),
        ociIndex,
      )
    : manifest;
  files['index.json'] = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [top] });
  files['manifest.json'] = manifestOf(
    config.name,
    saved.map(({ name }) => name),
  );
  await writeTar(path, files, {});
}

function compressed(layer: Buffer, compression: Compression): Buffer {
  if (compression === 'none') return layer;
  return compression === 'gzip' ? gzipSync(layer) : zstdCompressSync(layer);
}

function manifestOf(config: string, layers: readonly string[]): string {
  return JSON.stringify([{ Config: config, RepoTags: [SAVED_TAG], Layers: layers }]);
}

function configOf(layers: readonly Buffer[]): string {
  return JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { User: 'node', Env: ['A=b'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${hexDigest(layer)}`) },
    history: layers.map(() => ({ created: '2026-01-01T00:00:00Z', created_by: 'a test' })),
  });
}
