import { LOWER, NO_RUNS, UPPER } from '../text/runs.ts';
import { Scratch } from '../text/scratch.ts';
import type { TextBytes } from '../text/text-bytes.ts';
import { runOf, runsIn } from '../text/word-runs.ts';
import { APART, textsIn } from './decoded-texts.ts';
import type { Inflater } from './inflater.ts';

const BASE32 = [UPPER, LOWER].map((letters) => runOf(`234567${letters}\r\n`, 16));

/** Glued to other text, the encoding may start at any of this many offsets within a run. */
const OFFSETS = 8;

const quintetMemory = new Scratch();
const decodedMemory = new Scratch();

/**
 * Returns the readable text in decoded base32, wrapped or not. All runs go into one buffer: most are short,
 * and examining each one separately would cost more than decoding it.
 */
export function base32Decoded(text: TextBytes, inflater: Inflater): readonly string[] {
  const segments = BASE32.flatMap((run) => runsIn(text, run));
  if (segments.length === 0) return NO_RUNS;
  const quintets = quintetMemory.atLeast(segments.reduce((sum, { length }) => sum + length, 0));
  const ends = segments.map(writer(quintets));
  const decoded = decodedMemory.atLeast(OFFSETS * ((ends.at(-1) ?? 0) + ends.length));
  let count = 0;
  for (let offset = 0; offset < OFFSETS; offset += 1) {
    let start = 0;
    for (const end of ends) {
      count = decode(quintets, start + offset, end, decoded, count);
      start = end;
    }
  }
  const inflated = inflater.texts(decoded.subarray(0, count), true);
  const texts = textsIn(decoded, count);
  return inflated.length === 0 ? texts : [...texts, ...inflated];
}

/** Returns a function that appends one segment without its line breaks and returns where it ends. */
function writer(quintets: Buffer): (segment: string) => number {
  let count = 0;
  return (segment) => {
    for (let index = 0; index < segment.length; index += 1) {
      const code = segment.charCodeAt(index);
      if (code < DIGIT_2) continue;
      // Digits 2 to 7 are values 26 to 31. The low five bits of a letter, in either case, count from 1.
      quintets[count] = code < 64 ? code - DIGIT_2 + 26 : (code & 31) - 1;
      count += 1;
    }
    return count;
  };
}

const DIGIT_2 = 0x32;

/** Decodes from `start`, appends a separator byte, and returns the end of the output. */
function decode(quintets: Buffer, start: number, end: number, decoded: Buffer, from: number): number {
  let length = from;
  let bits = 0;
  let count = 0;
  for (let index = start; index < end; index += 1) {
    bits = ((bits << 5) | (quintets[index] ?? 0)) & 0xfff;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    decoded[length] = (bits >> count) & 0xff;
    length += 1;
  }
  decoded[length] = APART;
  return length + 1;
}
