import { type Bytes, endOfRun, findRun, WORDISH } from './runs.ts';
import { Scratch } from './scratch.ts';

/** Shorter runs are never looked for. The shortest is a US social security number. */
export const LEAST_WORD = 11;

const ENCODER = new TextEncoder();

/** Properties of a text, as bits of `TextBytes.traits`. */
export const TRAIT = {
  /** Neither printable ASCII nor white space: everything that folding could change. */
  other: 1,
  percent: 2,
  backslash: 4,
  ampersand: 8,
  equals: 16,
  quote: 32,
} as const;

const TRAITS = new Uint8Array(256);
for (let code = 0; code < 256; code += 1) {
  const isPlain = (code >= 0x09 && code <= 0x0d) || (code >= 0x20 && code <= 0x7e);
  if (!isPlain) TRAITS[code] = TRAIT.other;
}
for (const [character, trait] of [
  ['%', TRAIT.percent],
  ['\\', TRAIT.backslash],
  ['&', TRAIT.ampersand],
  ['=', TRAIT.equals],
  ['"', TRAIT.quote],
] as const) {
  TRAITS[character.charCodeAt(0)] = trait;
}

/**
 * A text and its UTF-8 bytes, which loops read four times as fast as a string. ASCII characters are the same
 * bytes, and no other bytes are ASCII. The object and its memory are reused for every text.
 */
export class TextBytes implements Bytes {
  readonly #memory = new Scratch();
  #words: readonly number[] | undefined;
  text = '';
  /** Content after `length` is undefined. */
  bytes: Buffer = Buffer.alloc(0);
  length = 0;
  /** Bits of `TRAIT`, combined over all characters. */
  traits = 0;

  read(text: string): void {
    this.text = text;
    this.#words = undefined;
    this.bytes = this.#memory.atLeast(text.length);
    const { read, written } = ENCODER.encodeInto(text, this.bytes);
    this.length = written;
    if (read < text.length) {
      this.bytes = this.#memory.atLeast(text.length * 3);
      this.length = ENCODER.encodeInto(text, this.bytes).written;
    }
    this.traits = traitsOf(this.bytes, this.length);
  }

  /** Start, end, start, end, ... of all runs of `WORDISH` with at least `LEAST_WORD` characters. */
  get words(): readonly number[] {
    this.#words ??= wordsIn(this.bytes, this.length);
    return this.#words;
  }

  /** Returns a part that is known to be ASCII. */
  slice(start: number, end: number): string {
    const isAscii = this.length === this.text.length;
    return isAscii ? this.text.slice(start, end) : this.bytes.toString('latin1', start, end);
  }
}

function wordsIn(bytes: Uint8Array, length: number): readonly number[] {
  let start = findRun(bytes, length, WORDISH, LEAST_WORD);
  if (start < 0) return NO_WORDS;
  const words: number[] = [];
  while (start >= 0) {
    const end = endOfRun(bytes, length, WORDISH, start + LEAST_WORD);
    words.push(start, end);
    start = findRun(bytes, length, WORDISH, LEAST_WORD, end + 1);
  }
  return words;
}

const NO_WORDS: readonly number[] = [];

function traitsOf(bytes: Uint8Array, length: number): number {
  let traits = 0;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    traits |=
      (TRAITS[bytes[index] ?? 0] ?? 0) |
      (TRAITS[bytes[index + 1] ?? 0] ?? 0) |
      (TRAITS[bytes[index + 2] ?? 0] ?? 0) |
      (TRAITS[bytes[index + 3] ?? 0] ?? 0);
  }
  for (; index < length; index += 1) traits |= TRAITS[bytes[index] ?? 0] ?? 0;
  return traits;
}
