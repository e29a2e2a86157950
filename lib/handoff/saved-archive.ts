import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Header, Pax } from 'tar';
import { z } from 'zod';
import { BottleError } from '../errors.ts';

const manifest = z.tuple([
  z.looseObject({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()).min(1),
  }),
]);

type Compression = 'none' | 'gzip' | 'zstd';

interface Entry {
  /** Target of a link; undefined for a file. */
  readonly link?: string;
  /** Offset of the content, and its bytes. */
  readonly start: number;
  readonly size: number;
}

/** Bytes of a header; contents are padded to a multiple of it. */
const BLOCK = 512;
/** Bytes of a JSON document of an archive, at most. */
const DOCUMENT_LIMIT = 16 * 1024 * 1024;
/** Links that are followed to a layer, which ends cycles. */
const LINK_LIMIT = 8;

/**
 * Sees to it that what `docker save` wrote can be booted. Both readers of it, smolvm and crane, follow `manifest.json`, and
 * take the first layer's compression for that of all. An engine with the containerd image store saves layers as they came,
 * so that those of one image can differ (then the archive is written anew, uncompressed), and leaves out, with exit code 0,
 * those whose content it never fetched (https://github.com/moby/moby/issues/49473).
 * @throws BottleError `image-unusable` when something is missing.
 */
export async function mendSavedArchive(path: string, reference: string, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'r');
  try {
    const entries = await readEntries(file);
    const { Config, RepoTags, Layers } = await readManifest(file, entries, reference);
    const found = Layers.map((layer) => find(entries, layer));
    const layers = found.filter((entry) => entry !== undefined);
    const config = find(entries, Config);
    if (config === undefined) throw damaged(reference);
    if (layers.length < found.length) {
      throw new BottleError(
        'image-unusable',
        `docker save left out ${found.length - layers.length} of ${found.length} layers of ${reference}`,
        {
          hint: 'The engine never fetched them, since it has another image with the same content. Remove the image that it is built from (`docker image rm`), pull it again, and build again.',
        },
      );
    }
    const compressions = await Promise.all(layers.map((layer) => compressionOf(file, layer)));
    const [first = 'none'] = compressions;
    if (first !== 'zstd' && compressions.every((each) => each === first)) return;

    const plain = `${path}.plain`;
    const document = await contentOf(file, config);
    const image = { layers, compressions, config: document, tags: RepoTags ?? [] };
    await writePlain(plain, file, image, signal).catch((error: unknown) => {
      throw isDamage(error) ? damaged(reference, error) : error;
    });
    await rename(plain, path);
  } finally {
    await file.close();
  }
}

async function readManifest(file: FileHandle, entries: ReadonlyMap<string, Entry>, reference: string) {
  const entry = find(entries, 'manifest.json');
  const document = entry && parseJson(await contentOf(file, entry));
  if (entry !== undefined && document === undefined) throw damaged(reference);
  const parsed = manifest.safeParse(document);
  if (parsed.success) return parsed.data[0];
  throw new BottleError(
    'image-unusable',
    `docker save gave no image of ${reference} that this machine can run`,
    {
      hint: 'The engine has it for another platform: build or pull it for this one (`--platform`, DOCKER_DEFAULT_PLATFORM).',
    },
  );
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Reads the headers alone: contents are hundreds of megabytes. */
async function readEntries(file: FileHandle): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const block = Buffer.alloc(BLOCK);
  let extended: Pax | undefined;
  for (let at = 0; (await file.read(block, 0, BLOCK, at)).bytesRead === BLOCK; ) {
    const header = new Header(block, 0, extended);
    if (header.nullBlock || !header.cksumValid) break;
    const size = header.size ?? 0;
    const start = at + BLOCK;
    const entry = { start, size };
    at = start + padded(size);
    if (header.type === 'ExtendedHeader') {
      extended = Pax.parse((await contentOf(file, entry)).toString('utf8'));
      continue;
    }
    extended = undefined;
    const isLink = header.type === 'SymbolicLink' || header.type === 'Link';
    const path = posix.normalize(header.path ?? '');
    const link = isLink ? linkTarget(path, header.type === 'Link', header.linkpath ?? '') : undefined;
    entries.set(path, { ...entry, ...(link !== undefined && { link }) });
  }
  return entries;
}

function linkTarget(path: string, isHard: boolean, target: string): string {
  return posix.normalize(isHard ? target : posix.join(posix.dirname(path), target));
}

/** Follows links: `docker save` of older engines writes a repeated layer as one. */
function find(entries: ReadonlyMap<string, Entry>, path: string): Entry | undefined {
  let entry = entries.get(posix.normalize(path));
  for (let hop = 0; hop < LINK_LIMIT && entry?.link !== undefined; hop += 1) entry = entries.get(entry.link);
  return entry?.link === undefined ? entry : undefined;
}

/** Codes of zlib's errors. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^Z(STD)?_/.test(String(error.code));
}

function damaged(reference: string, cause?: unknown): BottleError {
  return new BottleError('image-unusable', `docker save wrote a damaged archive of ${reference}`, {
    hint: 'Remove the image (`docker image rm`), and build or pull it again.',
    cause,
  });
}

async function contentOf(file: FileHandle, { start, size }: Entry): Promise<Buffer> {
  if (size > DOCUMENT_LIMIT) throw new Error(`a document of ${size} bytes`);
  const content = Buffer.alloc(size);
  await file.read(content, 0, size, start);
  return content;
}

async function compressionOf(file: FileHandle, { start, size }: Entry): Promise<Compression> {
  const magic = Buffer.alloc(4);
  await file.read(magic, 0, Math.min(4, size), start);
  if (magic.readUInt16BE(0) === 0x1f8b) return 'gzip';
  return magic.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
}

interface Image {
  readonly layers: readonly Entry[];
  readonly compressions: readonly Compression[];
  readonly config: Buffer;
  readonly tags: readonly string[];
}

async function writePlain(
  path: string,
  from: FileHandle,
  { layers, compressions, config, tags }: Image,
  signal: AbortSignal,
): Promise<void> {
  const to = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
  try {
    let at = 0;
    const add = async (name: string, content: AsyncIterable<Buffer> | readonly Buffer[]) => {
      let size = 0;
      for await (const part of content) {
        signal.throwIfAborted();
        await to.write(part, 0, part.length, at + BLOCK + size);
        size += part.length;
      }
      await to.write(fileHeader(name, size), 0, BLOCK, at);
      at += BLOCK + padded(size);
    };
    const names = new Map<Entry, string>();
    for (const [index, layer] of layers.entries()) {
      if (names.has(layer)) continue;
      names.set(layer, `${index}/layer.tar`);
      await add(`${index}/layer.tar`, plainContent(from, layer, compressions[index] ?? 'none'));
    }
    await add('config.json', [config]);
    const Layers = layers.map((layer) => names.get(layer));
    await add('manifest.json', [
      Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: tags, Layers }])),
    ]);
    await to.truncate(at + 2 * BLOCK);
  } finally {
    await to.close();
  }
}

function plainContent(
  from: FileHandle,
  { start, size }: Entry,
  compression: Compression,
): Readable | Buffer[] {
  if (size === 0) return [];
  const content = from.createReadStream({ start, end: start + size - 1, autoClose: false });
  if (compression === 'none') return content;
  const plain = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  content.once('error', (error) => plain.destroy(error));
  return content.pipe(plain);
}

function fileHeader(path: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  new Header({ path, size, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'File' }).encode(block);
  return block;
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
