import { constants, inflateRawSync } from 'node:zlib';
import { NO_RUNS } from '../text/runs.ts';
import { mayBeDeflated } from './deflate-start.ts';
import { gzipHeader } from './packed-file.ts';
import { readableText } from './readable-text.ts';

/** Bytes that one compressed part of a text may unpack to, and all parts of the text together. */
const MAX_PART = 1024 * 1024;
const MAX_TOTAL = 2 * 1024 * 1024;

/** How many possible compressed parts are tried. No legitimate text comes close. */
const MAX_TRIED = 256;

/** How many layers of compressed files inside one another are followed. */
const MAX_LAYERS = 3;

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
/** Bytes before the deflated data in a zlib stream. */
const ZLIB_HEADER = 2;
/** One header per compression level. */
const ZLIB = [0x01, 0x5e, 0x9c, 0xda].map((level) => Buffer.from([0x78, level]));

/** Checksums and proper endings are not required: a receiver that ignores them too would get the data. */
const OPTIONS = { maxOutputLength: MAX_PART, finishFlush: constants.Z_SYNC_FLUSH };

/** Unpacks the compressed data in one text and in its decoded forms, within limits. */
export class Inflater {
  #unpacked = 0;
  #tried = 0;
  #isOver = false;

  /** Whether the limits were exceeded. Whatever was not read may hold anything. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes unpacked so far. */
  get unpacked(): number {
    return this.#unpacked;
  }

  /**
   * Returns the readable text of gzip data anywhere in adjacent pieces; `ends` says where each piece ends.
   */
  gzipTexts(bytes: Buffer, ends: readonly number[] = [bytes.length]): readonly string[] {
    const own = bytes.subarray(0, ends.at(-1));
    let place = own.indexOf(GZIP);
    if (place < 0) return NO_RUNS;
    const texts: string[] = [];
    for (; place >= 0 && this.mayTry(); place = own.indexOf(GZIP, place + 1)) {
      const header = gzipHeader(own.subarray(place));
      // Truncated data is readable up to where it was cut, but not with the next piece appended.
      const end = ends.find((one) => one > place);
      if (header !== 'more') texts.push(...this.#textAt(own.subarray(0, end), place + header));
    }
    return texts;
  }

  /**
   * Like `gzipTexts`, but also finds zlib data anywhere: its two header bytes often occur by chance. `isGuess`: the bytes
   * are decoded at every offset of what may be ordinary words, so that most of these places do not count as tries.
   */
  texts(bytes: Buffer, isGuess = false): readonly string[] {
    const texts = [...this.gzipTexts(bytes)];
    for (const zlib of ZLIB) {
      for (let place = bytes.indexOf(zlib); place >= 0; place = bytes.indexOf(zlib, place + 1)) {
        const start = place + zlib.length;
        if (isGuess && !mayBeDeflated(bytes, start)) continue;
        if (!this.mayTry()) return texts;
        texts.push(...this.#textAt(bytes, start));
      }
    }
    return texts;
  }

  /** Returns the readable text of the zlib data that the bytes begin with. */
  zlibTexts(bytes: Buffer): readonly string[] {
    return this.#textAt(bytes, ZLIB_HEADER);
  }

  /** Call before examining each place: even reading a header to its end takes time. */
  mayTry(): boolean {
    this.#tried += 1;
    this.#isOver ||= this.#tried > MAX_TRIED || this.#unpacked > MAX_TOTAL;
    return !this.#isOver;
  }

  #textAt(bytes: Buffer, start: number): string[] {
    let unpacked = this.#unpack(bytes.subarray(start));
    for (let layer = 1; layer < MAX_LAYERS && unpacked?.indexOf(GZIP) === 0; layer += 1) {
      const length = gzipHeader(unpacked);
      if (length === 'more') break;
      unpacked = this.#unpack(unpacked.subarray(length)) ?? unpacked;
    }
    return unpacked === undefined ? [] : [readableText(unpacked)];
  }

  #unpack(deflated: Buffer): Buffer | undefined {
    try {
      const unpacked = inflateRawSync(deflated, OPTIONS);
      this.#unpacked += unpacked.length;
      return unpacked;
    } catch (error) {
      const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      this.#isOver ||= isTooLarge;
      return undefined;
    }
  }
}
