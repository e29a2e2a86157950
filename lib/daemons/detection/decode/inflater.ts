import { constants, inflateRawSync } from 'node:zlib';
import { NO_RUNS } from '../text/runs.ts';
import { gzipHeader } from './packed-file.ts';
import { readableText } from './readable-text.ts';

/** Bytes that one compressed part of a text may unpack to, and all of them together in all that it decodes to. */
const MAX_PART = 1024 * 1024;
const MAX_TOTAL = 2 * 1024 * 1024;

/** What looks compressed and is tried: nothing honest comes near. */
const MAX_TRIED = 256;

/** Compressed files inside one another that are followed. */
const MAX_LAYERS = 3;

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
/** Bytes in front of what zlib has compressed. */
const ZLIB_HEADER = 2;
/** By how hard it was compressed. */
const ZLIB = [0x01, 0x5e, 0x9c, 0xda].map((level) => Buffer.from([0x78, level]));

/** Neither check sums nor ends are asked for: a receiver that leaves these out would get what we threw away. */
const OPTIONS = { maxOutputLength: MAX_PART, finishFlush: constants.Z_SYNC_FLUSH };

/** Unpacks what is compressed in one text and in what it decodes to, within bounds. */
export class Inflater {
  #unpacked = 0;
  #tried = 0;
  #isOver = false;

  /** Whether there was more than is looked into: what was not read may hold anything. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes that were unpacked. */
  get unpacked(): number {
    return this.#unpacked;
  }

  /** What can be read of gzip anywhere in pieces that stand one behind the other; `ends`: where each of them does. */
  gzipTexts(bytes: Buffer, ends: readonly number[] = [bytes.length]): readonly string[] {
    const own = bytes.subarray(0, ends.at(-1));
    let place = own.indexOf(GZIP);
    if (place < 0) return NO_RUNS;
    const texts: string[] = [];
    for (; place >= 0 && this.mayTry(); place = own.indexOf(GZIP, place + 1)) {
      const header = gzipHeader(own.subarray(place));
      // What is cut short can be read to where it was cut, and not with what stands behind that.
      const end = ends.find((one) => one > place);
      if (header !== 'more') texts.push(...this.#textAt(own.subarray(0, end), place + header));
    }
    return texts;
  }

  /** The same, and of zlib anywhere: two bytes that are often there by chance. */
  texts(bytes: Buffer): readonly string[] {
    const texts = [...this.gzipTexts(bytes)];
    for (const zlib of ZLIB) {
      for (
        let place = bytes.indexOf(zlib);
        place >= 0 && this.mayTry();
        place = bytes.indexOf(zlib, place + 1)
      )
        texts.push(...this.#textAt(bytes, place + zlib.length));
    }
    return texts;
  }

  /** What can be read of zlib that the bytes begin with. */
  zlibTexts(bytes: Buffer): readonly string[] {
    return this.#textAt(bytes, ZLIB_HEADER);
  }

  /** To be asked before each place is looked at: even to read a header to its end takes time. */
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
