import { DIGITS, endOfRun, LOWER, NO_RUNS, UPPER, WORDISH } from '../text/runs.ts';
import { Scratch } from '../text/scratch.ts';
import type { TextBytes } from '../text/text-bytes.ts';
import { APART, textsIn } from './decoded-texts.ts';
import type { Inflater } from './inflater.ts';

/** Shorter segments cannot hold anything of interest. */
const LEAST_SEGMENT = 16;

/** Sextet by character code; 64 marks a character that has none, such as a line break. */
const SEXTETS = new Uint8Array(256).fill(64);
/** Bits by character code; combined over a segment they tell what kinds of characters it has. */
const KINDS = new Uint8Array(256);
const [LETTER, DIGIT, BREAK, OTHER] = [1, 2, 4, 8];
for (const [sextet, character] of [...`${UPPER}${LOWER}${DIGITS}+/`].entries()) {
  const code = character.charCodeAt(0);
  SEXTETS[code] = sextet;
  KINDS[code] = LOWER.includes(character) ? LETTER : DIGITS.includes(character) ? DIGIT : OTHER;
}
for (const [character, sextet, kind] of [
  ['-', 62, OTHER],
  ['_', 63, OTHER],
  ['\r', 64, BREAK],
  ['\n', 64, BREAK],
] as const) {
  SEXTETS[character.charCodeAt(0)] = sextet;
  KINDS[character.charCodeAt(0)] = kind;
}

/**
 * The first two bytes of a zlib stream, in base64. File names and other lines before it may be part of the
 * same segment.
 */
const ZLIB = /(?:^|[/\s])e(?:A[E-H]|F[4-7]|J[w-z]|N[o-r])/g;
const BEFORE_ZLIB = ['/e', '\ne', ' e', '\te'];

/** Zero sextets after each segment, which pad its last bytes. */
const GAP = 4;

const sextetMemory = new Scratch();
const decodedMemory = new Scratch();

/**
 * Returns the readable text in decoded base64, in either alphabet, wrapped or not. Glued to other text, it
 * may start at any of four offsets: all segments are decoded at the first offset, then all at the second, and
 * so on. Decoded by hand because most runs are short, and a call to Node's decoder would cost more than the
 * work.
 */
export function base64Decoded(text: TextBytes, inflater: Inflater): readonly string[] {
  const segments = segmentsOf(text);
  if (segments.length === 0) return NO_RUNS;
  const sextets = sextetMemory.atLeast(text.length * 2);
  const ends = writeSegments(text, segments, sextets);
  if (ends.length === 0) return NO_RUNS;
  const decoded = decodedMemory.atLeast(text.length * 4);
  const pieces: number[] = [];
  let count = 0;
  for (let offset = 0; offset < 4; offset += 1) {
    let start = 0;
    for (const end of ends) {
      const before = count;
      count = decode(sextets, start + offset, end, decoded, count);
      pieces.push(before + Math.max(0, Math.floor(((end - start - offset) * 3) / 4)));
      start = end + GAP;
    }
  }
  const runs = textsIn(decoded, count);
  const inflated = [...inflater.gzipTexts(decoded, pieces), ...zlibTexts(text, segments, inflater)];
  return inflated.length === 0 ? runs : [...runs, ...inflated];
}

/** Returns start, end, start, end, ... of possible base64: long words, or consecutive lines of them. */
function segmentsOf({ bytes, length, words }: TextBytes): readonly number[] {
  const segments: number[] = [];
  for (let word = 0; word < words.length; word += 2) {
    const start = words[word] ?? 0;
    let end = words[word + 1] ?? 0;
    if (start < (segments.at(-1) ?? 0)) continue;
    while (bytes[end - 1] === LINE_FEED && isBlank(bytes[end]) && end < length) {
      while (isBlank(bytes[end]) && end < length) end += 1;
      end = endOfRun(bytes, length, WORDISH, end);
    }
    if (end - start >= LEAST_SEGMENT) segments.push(start, end);
  }
  return segments;
}

const LINE_FEED = 0x0a;
const isBlank = (code: number | undefined) => code === 0x20 || code === 0x09;

/**
 * Writes each distinct segment once and returns where each ends. All but the first start `GAP` after an end.
 */
function writeSegments(text: TextBytes, segments: readonly number[], sextets: Buffer): readonly number[] {
  const { bytes } = text;
  const seen = new Set<string>();
  const ends: number[] = [];
  let count = 0;
  for (let place = 0; place < segments.length; place += 2) {
    const [start = 0, end = 0] = [segments[place], segments[place + 1]];
    const begin = count;
    let kinds = 0;
    for (let index = start; index < end; index += 1) {
      const code = bytes[index] ?? 0;
      const sextet = SEXTETS[code] ?? 0;
      kinds |= KINDS[code] ?? 0;
      sextets[count] = sextet;
      if (sextet < 64) count += 1;
    }
    const segment = text.slice(start, end);
    const isWord = (kinds & ~(LETTER | BREAK)) === 0 || kinds === DIGIT;
    if (isWord || seen.has(segment)) {
      count = begin;
    } else {
      seen.add(segment);
      ends.push(count);
      for (const last = count + GAP; count < last; count += 1) sextets[count] = 0;
    }
  }
  return ends;
}

/** Decodes from `start`, appends a separator byte, and returns the end of the output. */
function decode(sextets: Buffer, start: number, end: number, decoded: Buffer, from: number): number {
  let count = from;
  for (let index = start; index < end; index += 4) {
    const second = sextets[index + 1] ?? 0;
    const third = sextets[index + 2] ?? 0;
    decoded[count] = ((sextets[index] ?? 0) << 2) | (second >> 4);
    decoded[count + 1] = (second << 4) | (third >> 2);
    decoded[count + 2] = (third << 6) | (sextets[index + 3] ?? 0);
    count += 3;
  }
  decoded[count] = APART;
  return count + 1;
}

function zlibTexts(text: TextBytes, segments: readonly number[], inflater: Inflater): readonly string[] {
  const texts: string[] = [];
  for (let place = 0; place < segments.length; place += 2) {
    const segment = text.slice(segments[place] ?? 0, segments[place + 1] ?? 0);
    if (!segment.startsWith('e') && !BEFORE_ZLIB.some((start) => segment.includes(start))) continue;
    for (const { index, 0: found } of segment.matchAll(ZLIB)) {
      if (!inflater.mayTry()) return texts;
      texts.push(...inflater.zlibTexts(Buffer.from(segment.slice(index + found.length - 3), 'base64')));
    }
  }
  return texts;
}
