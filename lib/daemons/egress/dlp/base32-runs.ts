import { readableRuns, unpacked } from './decoded-bytes.ts';
import { LOWER, UPPER } from './runs.ts';
import type { TextBytes } from './text-bytes.ts';
import { runOf, runsIn } from './word-runs.ts';

const BASE32 = runOf(`234567${LOWER}${UPPER}`, 16);

/** What can be read of runs of base32, decoded. */
export function base32Decoded(text: TextBytes): readonly string[] {
  const runs = runsIn(text, BASE32);
  if (runs.length === 0) return runs;
  const segments = runs.filter((run) => /^[A-Z2-7]+$|^[a-z2-7]+$/.test(run));
  return segments.flatMap((segment) => readableRuns(unpacked(base32Bytes(segment))));
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
