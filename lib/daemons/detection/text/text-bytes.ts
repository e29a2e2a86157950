import { type Bytes, endOfRun, findRun, WORDISH } from './runs.ts';
import { Scratch } from './scratch.ts';

/** Of shorter runs nothing is asked; the shortest that is are the numbers of social security. */
export const LEAST_WORD = 11;

const ENCODER = new TextEncoder();

/** What a text is made of, as bits of `TextBytes.traits`. */
export const TRAIT = {
  /** Neither printable ASCII nor white space: all that folding could change. */
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
 * A text beside its UTF-8, which loops read four times as fast as a string. What is ASCII in the text is the same in
 * the bytes, and nothing else there is ASCII. One object serves text after text, and so does its memory.
 */
export class TextBytes implements Bytes {
  readonly #memory = new Scratch();
  #words: readonly number[] | undefined;
  text = '';
  /** Holds anything behind `length`. */
  bytes: Buffer = Buffer.alloc(0);
  length = 0;
  /** Bits of `TRAIT`, of all characters together. */
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

  /** Start, end, start, end and so on of all runs of `WORDISH` that have at least `LEAST_WORD` characters. */
  get words(): readonly number[] {
    this.#words ??= wordsIn(this.bytes, this.length);
    return this.#words;
  }

  /** A part that is ASCII. */
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
