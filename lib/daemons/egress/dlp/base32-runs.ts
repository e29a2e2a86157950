import { textsIn } from './decoded-texts.ts';
import type { Inflater } from './inflater.ts';
import { LOWER, UPPER } from './runs.ts';
import type { TextBytes } from './text-bytes.ts';
import { runOf, runsIn } from './word-runs.ts';

const BASE32 = [UPPER, LOWER].map((letters) => runOf(`234567${letters}\r\n`, 16));

/** What can be read of runs of base32, wrapped ones too, decoded: glued to other text, one may start at any of eight places. */
export function base32Decoded(text: TextBytes, inflater: Inflater): readonly string[] {
  const segments = BASE32.flatMap((run) => runsIn(text, run));
  const found: string[] = [];
  for (const segment of segments) {
    const letters = segment.replace(/[\r\n]+/g, '');
    for (let offset = 0; offset < 8; offset += 1) {
      const bytes = base32Bytes(letters.slice(offset));
      found.push(...textsIn(bytes), ...inflater.texts(bytes));
    }
  }
  return found;
}

function base32Bytes(segment: string): Buffer {
  const bytes = Buffer.alloc(Math.floor((segment.length * 5) / 8));
  let bits = 0;
  let count = 0;
  let length = 0;
  for (let index = 0; index < segment.length; index += 1) {
    const code = segment.charCodeAt(index);
    // Digits 2 to 7 are 26 to 31; the low five bits of a letter, of either case, count from 1.
    bits = ((bits << 5) | (code < 64 ? code - 24 : (code & 31) - 1)) & 0xfff;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes[length] = (bits >> count) & 0xff;
    length += 1;
  }
  return bytes;
}
