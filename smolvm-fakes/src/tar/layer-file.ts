import { createReadStream, readSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Spool } from './spool.ts';
import type { FileRange } from './tar-index.ts';

/** Decompression chunk size in bytes. */
const CHUNK = 256 * 1024;

/** A layer as a plain tar file with random access: the layer itself, or a decompressed copy. */
export async function layerFile(layer: FileRange): Promise<FileRange & Disposable> {
  const decompressor = decompressorOf(layer);
  if (decompressor === undefined) return { ...layer, [Symbol.dispose]: () => undefined };
  const spool = new Spool('layer');
  try {
    await pipeline(chunksOf([layer]), decompressor, (source) => spool.append(source));
  } catch (error) {
    spool[Symbol.dispose]();
    throw error;
  }
  return {
    descriptor: spool.descriptor,
    start: 0,
    end: spool.size,
    [Symbol.dispose]: () => spool[Symbol.dispose](),
  };
}

/** The bytes of file ranges, one after the other. */
export async function* chunksOf(ranges: readonly FileRange[]): AsyncGenerator<Buffer> {
  for (const { descriptor, start, end } of ranges) {
    if (start === end) continue;
    const options = { fd: descriptor, autoClose: false, start, end: end - 1, highWaterMark: 1 << 20 };
    yield* createReadStream('', options);
  }
}

function decompressorOf(layer: FileRange) {
  const magic = Buffer.alloc(4);
  readSync(layer.descriptor, magic, 0, 4, layer.start);
  if (magic.readUInt16BE() === 0x1f8b) return createGunzip({ chunkSize: CHUNK });
  if (magic.readUInt32LE() === 0xfd2fb528) return createZstdDecompress({ chunkSize: CHUNK });
  return undefined;
}
