import { posix } from 'node:path';
import { z } from 'zod';
import { configSchema, type ImageConfig } from '../registry/image-config.ts';
import { bodyOf, type FileRange, type IndexedEntry, plainPath, tarIndex } from '../tar/tar-index.ts';

/** Maximum size in bytes of a JSON document read from an archive. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024;
/** Maximum number of links to follow to a layer, which catches cycles. */
const LINK_LIMIT = 8;

const dockerSchema = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) })).min(1);
const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const ociSchema = z.object({
  manifests: z
    .array(
      z.object({
        digest: digestSchema,
        platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
      }),
    )
    .min(1),
});
const manifestSchema = z.object({
  config: z.object({ digest: digestSchema }),
  layers: z.array(z.object({ digest: digestSchema })),
});

export interface ImageArchive {
  readonly config: ImageConfig;
  /** Tar files inside the archive, bottom layer first; each may be compressed. */
  readonly layers: readonly FileRange[];
}

/** Reads a docker-archive (`docker save`) or an OCI archive. @throws Error when it is neither. */
export function readImageArchive(file: FileRange, architecture: string): ImageArchive {
  const entries = new Map(tarIndex(file).map((entry) => [entry.path, entry]));
  const json = (path: string): unknown => {
    const entry = find(entries, path);
    return JSON.parse(bodyOf(file, entry, DOCUMENT_LIMIT).toString('utf8'));
  };
  const parts = entries.has('manifest.json')
    ? dockerParts(json('manifest.json'))
    : entries.has('index.json')
      ? ociParts(json, architecture)
      : undefined;
  if (parts === undefined) throw new Error('neither a docker-archive nor an OCI archive');
  return {
    config: configSchema.parse(json(parts.config)),
    layers: parts.layers.map((path) => {
      const { bodyStart, size } = find(entries, path);
      return { descriptor: file.descriptor, start: bodyStart, end: bodyStart + size };
    }),
  };
}

function dockerParts(document: unknown) {
  const [image] = dockerSchema.parse(document);
  return image === undefined ? undefined : { config: image.Config, layers: image.Layers };
}

function ociParts(json: (path: string) => unknown, architecture: string) {
  const { manifests } = ociSchema.parse(json('index.json'));
  const own = manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  const chosen = own ?? manifests[0];
  if (chosen === undefined) return undefined;
  const { config, layers } = manifestSchema.parse(json(blobPath(chosen.digest)));
  return { config: blobPath(config.digest), layers: layers.map(({ digest }) => blobPath(digest)) };
}

const blobPath = (digest: string) => `blobs/${digest.replace(':', '/')}`;

/** Follows links, because `docker save` writes a repeated layer as a symlink to its first occurrence. */
function find(entries: ReadonlyMap<string, IndexedEntry>, path: string): IndexedEntry {
  let wanted = plainPath(path);
  for (let hop = 0; hop < LINK_LIMIT; hop += 1) {
    const entry = entries.get(wanted);
    if (entry === undefined) throw new Error(`${path}: not in the archive`);
    if (entry.type === '0') return entry;
    if (entry.type !== '1' && entry.type !== '2') break;
    wanted = entry.type === '2' ? posix.join(posix.dirname(wanted), entry.link) : plainPath(entry.link);
  }
  throw new Error(`${path}: not a file in the archive`);
}
