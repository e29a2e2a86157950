import { once } from 'node:events';
import type { Transform } from 'node:stream';
import { createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';

/** Formats of compressed files that can be told by how they begin, and undone. */
export type PackedFormat = 'gzip' | 'zlib' | 'zstd' | 'zip';

/** Where a compressed file begins in some bytes. */
export interface PackedStart {
  readonly format: PackedFormat;
  readonly index: number;
}

/** Bytes that are needed to tell a beginning. */
export const MAGIC_BYTES = 4;

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** The header of one file in a ZIP archive. */
const ZIP = Buffer.from('PK\x03\x04');
/** What ends the header of a part of a multipart body. */
const PART = Buffer.from('\r\n\r\n');

/** Bytes in front of a beginning that may be needed to tell it. */
export const LOOK_BACK = PART.length;

/**
 * Where compressed files begin, in order. Two bytes tell a zlib stream, as they do many other things: it is looked for
 * only at the beginning (`isStart`) and where a part of a multipart body begins.
 */
export function packedStarts(bytes: Buffer, isStart: boolean): PackedStart[] {
  const starts: PackedStart[] = [];
  const add = (format: PackedFormat, index: number) => starts.push({ format, index });
  for (const index of placesOf(bytes, GZIP)) {
    // Reserved flags are zero (RFC 1952, 2.3.1).
    if (((bytes[index + 3] ?? 0xff) & 0xe0) === 0) add('gzip', index);
  }
  for (const index of placesOf(bytes, ZSTD)) add('zstd', index);
  for (const index of placesOf(bytes, ZIP)) add('zip', index);
  if (isStart && isZlib(bytes, 0)) add('zlib', 0);
  for (const index of placesOf(bytes, PART)) {
    if (isZlib(bytes, index + PART.length)) add('zlib', index + PART.length);
  }
  return starts.length < 2 ? starts : starts.toSorted((one, other) => one.index - other.index);
}

function placesOf(bytes: Buffer, magic: Buffer): readonly number[] {
  let index = bytes.indexOf(magic);
  if (index < 0) return NOWHERE;
  const places: number[] = [];
  for (; index >= 0; index = bytes.indexOf(magic, index + 1)) places.push(index);
  return places;
}

const NOWHERE: readonly number[] = [];

/** Method 8, a window of at most 32 KiB, and a sum (RFC 1950, 2.2). */
function isZlib(bytes: Buffer, index: number): boolean {
  const [first = 0, second = 0] = [bytes[index], bytes[index + 1]];
  return (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0;
}

const NOTHING = Buffer.alloc(0);

/** Bytes that are given to a decoder at once, at first and at most: of what only looks like a file little is read. */
const FIRST_PIECE = 1024;
const MAX_PIECE = 8 * 1024;

/** Bytes that are unpacked ahead of who scans them: of a few bytes a decoder makes megabytes. */
const MAX_AHEAD = 512 * 1024;

/** One compressed file, or what looks like the beginning of one, as it is read. */
export class PackedFile {
  readonly #format: PackedFormat;
  /** What was read of its header while that is not whole. */
  #head: Buffer = NOTHING;
  #decoder: Transform | undefined;
  #piece = FIRST_PIECE;
  #unpacked: Buffer[] = [];
  #ahead = 0;
  #isFull = Promise.withResolvers<void>();
  #isOver = false;

  constructor(format: PackedFormat) {
    this.#format = format;
  }

  /** Whether it has come to its end, or turned out to be none. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Reads on, and gives what that unpacks to, piece by piece; ends early when the file does. */
  async *feed(bytes: Buffer): AsyncGenerator<{ readonly read: number; readonly unpacked: Buffer[] }> {
    let rest = this.#decoder === undefined ? this.#behindHeader(bytes) : bytes;
    while (rest.length > 0 && !this.#isOver) {
      const piece = rest.subarray(0, this.#piece);
      rest = rest.subarray(piece.length);
      this.#piece = Math.min(2 * this.#piece, MAX_PIECE);
      let isRead = false;
      const read = this.#write(piece).then(() => {
        isRead = true;
      });
      for (let bytes = piece.length; !isRead; bytes = 0) {
        await Promise.race([read, this.#isFull.promise]);
        yield { read: bytes, unpacked: this.#takeUnpacked() };
      }
    }
  }

  close(): void {
    this.#isOver = true;
    this.#decoder?.destroy();
  }

  #behindHeader(bytes: Buffer): Buffer {
    const all = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const { header, decoder } = FORMATS[this.#format];
    const length = header(all);
    if (length === 'more' && all.length <= MAX_HEADER) this.#head = all;
    else if (typeof length === 'number') this.#decode(decoder());
    else this.#isOver = true;
    return typeof length === 'number' ? all.subarray(length) : NOTHING;
  }

  #decode(decoder: Transform): void {
    this.#decoder = decoder;
    const over = () => {
      this.#isOver = true;
    };
    decoder.on('data', (chunk: Buffer) => {
      this.#unpacked.push(chunk);
      this.#ahead += chunk.length;
      if (this.#ahead < MAX_AHEAD) return;
      decoder.pause();
      this.#isFull.resolve();
    });
    decoder.on('error', over).on('end', over);
  }

  #takeUnpacked(): Buffer[] {
    if (this.#ahead >= MAX_AHEAD) {
      this.#isFull = Promise.withResolvers();
      this.#decoder?.resume();
    }
    this.#ahead = 0;
    return this.#unpacked.splice(0);
  }

  async #write(piece: Buffer): Promise<void> {
    const decoder = this.#decoder;
    if (decoder === undefined) return;
    const settled = new AbortController();
    const written = new Promise<void>((resolve) => decoder.write(piece, () => resolve()));
    // At the end of what is compressed Node's decoders stop, and never say that the rest was written.
    const ended = once(decoder, 'end', settled).catch(() => {});
    await Promise.race([written, ended]);
    settled.abort();
  }
}

interface Format {
  /** Length of the header in front of what is compressed: `more` is needed to tell, or it is `none` of ours. */
  readonly header: (bytes: Buffer) => number | 'more' | 'none';
  readonly decoder: () => Transform;
}

/** Node's own decoder of gzip throws away what it has unpacked when it does not know what follows. */
const FORMATS: Readonly<Record<PackedFormat, Format>> = {
  gzip: { header: gzipHeader, decoder: createInflateRaw },
  zip: { header: zipHeader, decoder: createInflateRaw },
  zlib: { header: () => 0, decoder: createInflate },
  zstd: { header: () => 0, decoder: createZstdDecompress },
};

/** Bytes of a header, which can hold a name and a comment. */
const MAX_HEADER = 256 * 1024;

/** RFC 1952, 2.3. */
export function gzipHeader(bytes: Buffer): number | 'more' {
  const flags = bytes[3] ?? 0;
  let length = 10;
  if ((flags & 4) !== 0) {
    if (bytes.length < length + 2) return 'more';
    length += 2 + bytes.readUInt16LE(length);
  }
  // Name and comment, each up to a zero byte.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, length);
    if (end < 0) return 'more';
    length = end + 1;
  }
  if ((flags & 2) !== 0) length += 2;
  return bytes.length < length ? 'more' : length;
}

/** The header of one file in an archive (APPNOTE.TXT, 4.3.7). What is stored as it is needs no decoder. */
function zipHeader(bytes: Buffer): number | 'more' | 'none' {
  if (bytes.length < 30) return 'more';
  if (bytes.readUInt16LE(8) !== DEFLATED) return 'none';
  const length = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  return bytes.length < length ? 'more' : length;
}

/** Method of compression in a ZIP archive: the usual one. */
const DEFLATED = 8;
