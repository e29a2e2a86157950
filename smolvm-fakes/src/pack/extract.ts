import { createReadStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createZstdDecompress } from 'node:zlib';
import { agentError, messageOf } from '../errors.ts';
import { packCacheDirectory } from '../paths.ts';
import { lock } from '../system/flock.ts';
import { onSignal } from '../system/signals.ts';
import { tarEntries } from '../tar/tar-entries.ts';
import { unpackTar } from '../tar/unpack.ts';
import type { Pack } from './read.ts';

/** Decompression chunk size in bytes. */
const CHUNK = 256 * 1024;

/** The cache that all machines from the same sidecar share before 1.0.0. */
export function sharedExtraction(pack: Pack): string {
  return join(packCacheDirectory(), pack.footer.crc.toString(16).padStart(8, '0'));
}

/**
 * Unpacks a pack's layer into `folder`, once.
 * @returns the folder of the root filesystem.
 */
export async function extractPack(pack: Pack, folder: string): Promise<string> {
  const layer = pack.manifest.assets.layers[0];
  if (layer === undefined) throw agentError('extract .smolmachine', 'the pack holds no layer');
  const layerFolder = `layers/${basename(layer.path, '.tar')}`;
  await using _held = await lock(`${folder}.lock`);
  if (existsSync(folder)) return join(folder, layerFolder);

  const partial = `${folder}.partial`;
  const unregister = onSignal(() => rmSync(partial, { recursive: true, force: true }));
  try {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(join(partial, layerFolder), { recursive: true });
    await unpackAsset(pack, layer.path, join(partial, layerFolder));
    await rename(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw agentError('extract .smolmachine', messageOf(error));
  } finally {
    unregister();
  }
  return join(folder, layerFolder);
}

async function unpackAsset(pack: Pack, path: string, target: string): Promise<void> {
  const compressed = createReadStream(pack.path, { start: 0, end: pack.footer.assetsSize - 1 });
  const tar = compressed.pipe(createZstdDecompress({ chunkSize: CHUNK }));
  compressed.on('error', (error) => tar.destroy(error));
  let found = false;
  for await (const entry of tarEntries(tar)) {
    if (entry.path !== path) continue;
    found = true;
    await unpackTar(entry.body(), target);
  }
  if (!found) throw new Error(`${path}: not in the pack`);
}
