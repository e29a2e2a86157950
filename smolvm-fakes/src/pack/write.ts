import { createWriteStream, rmSync } from 'node:fs';
import { appendFile, rename } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, crc32, createZstdCompress } from 'node:zlib';
import { Header } from 'tar';
import { dieIfAsked, refuseIfDiskFull } from '../faults/faults.ts';
import { onSignal } from '../system/signals.ts';
import { END_OF_ARCHIVE } from '../tar/merge.ts';
import { padded } from '../tar/tar-header.ts';
import { encodeFooter, FOOTER_SIZE } from './footer.ts';
import type { PackManifest } from './manifest.ts';

/** One file inside the pack. */
export interface Asset {
  readonly path: string;
  readonly size: number;
  readonly chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const ZSTD_LEVEL = 3;
const CHUNK = 256 * 1024;

/**
 * Writes a sidecar to `path`, atomically: compressed tar of the assets, manifest, footer.
 * @returns size of the file in bytes.
 */
export async function writeSidecar(
  path: string,
  assets: readonly Asset[],
  manifest: PackManifest,
): Promise<number> {
  const partial = `${path}.partial-${process.pid}`;
  const unregister = onSignal(() => rmSync(partial, { force: true }));
  try {
    let crc = 0;
    let assetsSize = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        crc = crc32(chunk, crc);
        assetsSize += chunk.length;
        done(null, chunk);
      },
    });
    const zstd = createZstdCompress({
      chunkSize: CHUNK,
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
    });
    await pipeline(Readable.from(tarOf(assets)), zstd, measure, createWriteStream(partial));
    const text = Buffer.from(JSON.stringify(manifest, undefined, 2));
    crc = crc32(text, crc);
    const footer = encodeFooter({ assetsSize, manifestOffset: assetsSize, manifestSize: text.length, crc });
    dieIfAsked('pack');
    refuseIfDiskFull();
    await appendFile(partial, Buffer.concat([text, footer]));
    await rename(partial, path);
    return assetsSize + text.length + FOOTER_SIZE;
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    unregister();
  }
}

async function* tarOf(assets: readonly Asset[]): AsyncGenerator<Uint8Array> {
  for (const { path, size, chunks } of assets) {
    yield fileHeader(path, size);
    yield* chunks();
    yield Buffer.alloc(padded(size) - size);
  }
  yield END_OF_ARCHIVE;
}

/** Builds the tar header of a regular file that root owns and, by default, all can read. */
export function fileHeader(path: string, size: number, mode = 0o644): Buffer {
  const header = new Header({ path, size, mode, type: 'File', uid: 0, gid: 0, mtime: new Date(0) });
  const block = Buffer.alloc(512);
  header.encode(block, 0);
  return block;
}
