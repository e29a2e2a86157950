import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { configError, messageOf } from '../errors.ts';
import { imageArchiveCacheDirectory } from '../paths.ts';
import type { ImageConfig } from '../registry/image-config.ts';
import { lock } from '../system/flock.ts';
import { onSignal } from '../system/signals.ts';
import { flatten } from '../tar/flatten.ts';
import { layerFile } from '../tar/layer-file.ts';
import type { FileRange } from '../tar/tar-index.ts';
import { unpackTar } from '../tar/unpack.ts';
import { readImageArchive } from './image-archive.ts';

const LOCAL = 'local:';

/** An image archive in the cache. */
export interface ImportedImage {
  /** `local:SHA256`, as stored in the record. */
  readonly image: string;
  readonly config: ImageConfig;
}

/** Whether `--image` names a file on this host rather than a registry image. */
export function namesArchive(image: string): boolean {
  return /^\.{0,2}\//.test(image) || /\.(tar|tgz|oci)$/.test(image) || isDockerfile(image);
}

/** Imports an image archive, with its layers applied, into the cache of all machines. @throws SmolvmError. */
export async function importArchive(path: string): Promise<ImportedImage> {
  const refused = (reason: string) => configError('create machine', `image archive '${path}': ${reason}`);
  if (!existsSync(path)) throw refused('file not found');
  if (isDockerfile(path)) {
    throw refused('this is a Dockerfile; build it and pass the image: docker save IMAGE -o image.tar');
  }
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const archive = readImageArchive({ descriptor, start: 0, end: size }, architecture());
    const digest = await digestOf(descriptor);
    const folder = join(imageArchiveCacheDirectory(), digest);
    await using _held = await lock(`${folder}.lock`);
    if (!existsSync(folder)) await unpackInto(folder, archive.layers);
    return { image: `${LOCAL}${digest}`, config: archive.config };
  } catch (error) {
    throw refused(messageOf(error));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The root filesystem of a `local:` image; undefined for any other image.
 * @throws SmolvmError when the cache no longer has it.
 */
export function importedRootfs(image: string): string | undefined {
  if (!image.startsWith(LOCAL)) return undefined;
  const rootfs = join(imageArchiveCacheDirectory(), image.slice(LOCAL.length), 'rootfs');
  if (existsSync(rootfs)) return rootfs;
  throw configError(
    'start machine',
    `local image ${image} is no longer in the cache; create the machine again`,
  );
}

async function unpackInto(folder: string, layers: readonly FileRange[]): Promise<void> {
  const partial = `${folder}.partial`;
  const rootfs = join(partial, 'rootfs');
  const unregister = onSignal(() => rmSync(partial, { recursive: true, force: true }));
  try {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(rootfs, { recursive: true });
    await unpackLayers(layers, rootfs);
    await rename(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  } finally {
    unregister();
  }
}

async function unpackLayers(layers: readonly FileRange[], rootfs: string): Promise<void> {
  using open = new DisposableStack();
  const files: FileRange[] = [];
  for (const layer of layers) files.push(open.use(await layerFile(layer)));
  const { chunks, leftovers } = flatten(files);
  await unpackTar(chunks(), rootfs, process.getuid?.() === 0);
  for (const path of leftovers) {
    const file = join(rootfs, path);
    if (`${realpathSync(dirname(file))}/`.startsWith(`${realpathSync(rootfs)}/`))
      rmSync(file, { force: true });
  }
}

async function digestOf(descriptor: number): Promise<string> {
  const hash = createHash('sha256');
  const options = { fd: descriptor, autoClose: false, start: 0, highWaterMark: 1 << 20 };
  for await (const chunk of createReadStream('', options)) hash.update(chunk);
  return hash.digest('hex');
}

const isDockerfile = (path: string) => /^(Docker|Container)file(\.|$)/.test(basename(path));
const architecture = () => (process.arch === 'x64' ? 'amd64' : process.arch);
