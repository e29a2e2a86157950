import { createHash } from 'node:crypto';
import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { configSchema, type ImageConfig } from './image-config.ts';
import type { ImageReference } from './reference.ts';

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** Maximum size in bytes of a manifest or configuration. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/** Decompression chunk size in bytes. The default of 16 KiB takes twice as long. */
const CHUNK = 256 * 1024;

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
});

const manifestSchema = z.object({ config: descriptorSchema, layers: z.array(descriptorSchema) });
const indexSchema = z.object({
  manifests: z.array(
    descriptorSchema.extend({
      platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
    }),
  ),
});
export type BlobDescriptor = z.infer<typeof descriptorSchema>;

export interface RemoteImage {
  readonly configDigest: string;
  readonly config: ImageConfig;
  /** Bottom layer first. */
  readonly layers: readonly BlobDescriptor[];
}

/** Reads an image's description from its registry, without credentials. `platform` is `OS/ARCH`. */
export async function describeImage(reference: ImageReference, platform: string): Promise<RemoteImage> {
  const document = await fetchDocument(reference, `manifests/${reference.version}`, MANIFEST_TYPES);
  const index = indexSchema.safeParse(document);
  const manifest = index.success
    ? await fetchDocument(reference, `manifests/${digestFor(index.data, platform)}`, MANIFEST_TYPES)
    : document;
  const { config, layers } = manifestSchema.parse(manifest);
  return {
    configDigest: config.digest,
    config: configSchema.parse(await fetchDocument(reference, `blobs/${config.digest}`, [])),
    layers,
  };
}

/** A layer's tar stream, which fails at its end when the bytes do not match the digest. */
export async function openLayer(reference: ImageReference, layer: BlobDescriptor): Promise<Readable> {
  const response = await request(reference, `blobs/${layer.digest}`, []);
  if (response.body === null) throw new Error(`layer ${layer.digest}: empty answer`);
  const hash = createHash('sha256');
  const verified = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const digest = `sha256:${hash.digest('hex')}`;
      done(
        digest === layer.digest ? null : new Error(`layer ${layer.digest}: digest mismatch: got ${digest}`),
      );
    },
  });
  const raw = Readable.fromWeb(response.body);
  const ignore = () => undefined; // The stream's reader gets the error.
  if (layer.mediaType.endsWith('zstd'))
    return pipeline(raw, verified, createZstdDecompress({ chunkSize: CHUNK }), ignore);
  if (/[.+]gzip$/.test(layer.mediaType))
    return pipeline(raw, verified, createGunzip({ chunkSize: CHUNK }), ignore);
  return pipeline(raw, verified, ignore);
}

function digestFor(index: z.infer<typeof indexSchema>, platform: string): string {
  const found = index.manifests.find(
    (each) => `${each.platform?.os}/${each.platform?.architecture}` === platform,
  );
  if (found === undefined) throw new Error(`no child with platform ${platform} in the image's index`);
  return found.digest;
}

async function fetchDocument(reference: ImageReference, path: string, accept: readonly string[]) {
  const response = await request(reference, path, accept);
  const text = await response.text();
  if (text.length > DOCUMENT_LIMIT) throw new Error(`${path}: larger than ${DOCUMENT_LIMIT} bytes`);
  const digest = /sha256:[0-9a-f]{64}$/.exec(path)?.[0];
  if (digest !== undefined && digest !== `sha256:${createHash('sha256').update(text).digest('hex')}`) {
    throw new Error(`${path}: digest mismatch`);
  }
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

async function request(
  reference: ImageReference,
  path: string,
  accept: readonly string[],
): Promise<Response> {
  const url = `${reference.origin}/v2/${reference.repository}/${path}`;
  let response: Response;
  try {
    response = await fetch(url, { headers: { accept: accept.join(', ') || '*/*' } });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new Error(`Get "${url}": ${messageOf(cause)}`);
  }
  if (!response.ok)
    throw new Error(`GET ${url}: unexpected status code ${response.status} ${response.statusText}`);
  return response;
}
