import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { agentError, messageOf } from '../errors.ts';
import { refuseIfDiskFull } from '../faults/faults.ts';
import { packCacheDirectory } from '../paths.ts';
import { lock } from '../system/flock.ts';
import { HELPER_ENVIRONMENT } from '../system/run.ts';
import { onSignal } from '../system/signals.ts';
import { tarEntries } from '../tar/tar-entries.ts';
import type { Pack } from './read.ts';

/** Bytes that the assets are unpacked by. */
const CHUNK = 256 * 1024;

/** The cache that all machines from the same sidecar share until 1.0.0. */
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

/**
 * Unpacks a tar stream into `target`. Without `owners`, everything becomes the invoking user's, whoever owned it in
 * the image: packs do that, and whoever uses them has to repair it. A directory that several
 * layers list stays, with what is in it. Modes stay. GNU tar refuses to write through links
 * that lead out.
 */
export async function unpackTar(
  chunks: AsyncIterable<Uint8Array>,
  target: string,
  owners = false,
): Promise<void> {
  refuseIfDiskFull();
  const ownership = owners ? ['--same-owner', '--numeric-owner'] : ['--no-same-owner'];
  const child = spawn('tar', ['--extract', ...ownership, '--preserve-permissions', '--directory', target], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: HELPER_ENVIRONMENT,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 255));
  });
  // When tar gives up, its own words tell more than the broken pipe.
  const [written, code] = await Promise.allSettled([pipeline(Readable.from(chunks), child.stdin), ended]);
  if (code.status === 'rejected') throw code.reason;
  if (code.value !== 0) throw new Error(`tar: ${said.trim().split('\n').slice(-3).join('; ')}`);
  if (written.status === 'rejected') throw written.reason;
}
