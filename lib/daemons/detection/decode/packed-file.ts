import { once } from 'node:events';
import type { Transform } from 'node:stream';
import { createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';

/** Compressed formats that are recognized by their first bytes and can be unpacked. */
export type PackedFormat = 'gzip' | 'zlib' | 'zstd' | 'zip';

/** Where a compressed file begins. */
export interface PackedStart {
  readonly format: PackedFormat;
  readonly index: number;
}

/** Bytes needed to recognize the beginning of a file. */
export const MAGIC_BYTES = 4;

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** The local file header of a ZIP archive. */
const ZIP = Buffer.from('PK\x03\x04');
/** The end of the headers of a multipart part. */
const PART = Buffer.from('\r\n\r\n');

/** Bytes before the beginning that may be needed to recognize it. */
export const LOOK_BACK = PART.length;

/**
 * Returns where compressed files begin, in order. A zlib stream has only two identifying bytes, so it is
 * looked for only at the start of the body (`isStart`) and of a multipart part.
 */
export function packedStarts(bytes: Buffer, isStart: boolean): PackedStart[] {
  const starts: PackedStart[] = [];
  const add = (format: PackedFormat, index: number) => starts.push({ format, index });
  for (const index of placesOf(bytes, GZIP)) {
    // Reserved flags must be zero (RFC 1952, 2.3.1).
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

/** Checks for method 8, a window of at most 32 KiB, and the checksum (RFC 1950, 2.2). */
function isZlib(bytes: Buffer, index: number): boolean {
  const [first = 0, second = 0] = [bytes[index], bytes[index + 1]];
  return (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0;
}

const NOTHING = Buffer.alloc(0);

/** Bytes given to a decoder at a time, initially and at most. Starting small keeps false starts cheap. */
const FIRST_PIECE = 1024;
const MAX_PIECE = 8 * 1024;

/** Bytes unpacked ahead of the scanner: a decoder can turn a few bytes into megabytes. */
const MAX_AHEAD = 512 * 1024;

/** Unpacks one compressed file, or a false start, as its bytes arrive. */
export class PackedFile {
  readonly #format: PackedFormat;
  /** The header so far, while it is incomplete. */
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

  /** Whether the file has ended, or turned out not to be one. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Reads the bytes and yields what they unpack to, piece by piece. Ends early when the file does. */
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
    // At the end of the compressed data, Node's decoders stop without calling back for the rest of the write.
    const ended = once(decoder, 'end', settled).catch(() => {});
    await Promise.race([written, ended]);
    settled.abort();
  }
}

interface Format {
  /**
   * Returns the length of the header before the compressed data; `more` if bytes are missing, `none` if the
   * format is unsupported.
   */
  readonly header: (bytes: Buffer) => number | 'more' | 'none';
  readonly decoder: () => Transform;
}

/** `createGunzip` is not used: it discards what it has unpacked if it cannot parse what follows the file. */
const FORMATS: Readonly<Record<PackedFormat, Format>> = {
  gzip: { header: gzipHeader, decoder: createInflateRaw },
  zip: { header: zipHeader, decoder: createInflateRaw },
  zlib: { header: () => 0, decoder: createInflate },
  zstd: { header: () => 0, decoder: createZstdDecompress },
};

/** Longest header in bytes; it may include a name and a comment. */
const MAX_HEADER = 256 * 1024;

/** Returns the length of the gzip header (RFC 1952, 2.3). */
export function gzipHeader(bytes: Buffer): number | 'more' {
  const flags = bytes[3] ?? 0;
  let length = 10;
  if ((flags & 4) !== 0) {
    if (bytes.length < length + 2) return 'more';
    length += 2 + bytes.readUInt16LE(length);
  }
  // Name and comment, each terminated by a zero byte.
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, length);
    if (end < 0) return 'more';
    length = end + 1;
  }
  if ((flags & 2) !== 0) length += 2;
  return bytes.length < length ? 'more' : length;
}

/** Reads a local file header of a ZIP archive (APPNOTE.TXT, 4.3.7). Stored files need no decoder. */
function zipHeader(bytes: Buffer): number | 'more' | 'none' {
  if (bytes.length < 30) return 'more';
  if (bytes.readUInt16LE(8) !== DEFLATED) return 'none';
  const length = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  return bytes.length < length ? 'more' : length;
}

/** The usual compression method in a ZIP archive. */
const DEFLATED = 8;
