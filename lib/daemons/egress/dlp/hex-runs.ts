import { readableRuns, unpacked } from './decoded-bytes.ts';
import { alphabet, DIGITS, runsOf } from './runs.ts';
import type { TextBytes } from './text-bytes.ts';

/** Pairs with the usual things between them. */
const HEX = alphabet(`${DIGITS}abcdefABCDEFx\\-:;,. `);
const PAIRS = /(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[-:;,. ]?){8,}/g;

/** Eight readable characters, or a compressed start: what most hashes and identifiers do not hold. */
const WORTH_DECODING = /(?:[2-7][0-9A-Fa-f]|0[9ADad]){8}|^.?(?:1[Ff]8[Bb]|78)/;

/** What can be read of runs of hexadecimal pairs, decoded; also from the middle of the first pair on. */
export function hexDecoded(text: TextBytes): readonly string[] {
  const runs = runsOf(text, HEX, 16);
  if (runs.length === 0) return runs;
  const found: string[] = [];
  for (const run of runs) {
    for (const segment of run.match(PAIRS) ?? []) {
      const digits = segment.replace(/0x|\\x|[^0-9A-Fa-f]+/g, '');
      if (!WORTH_DECODING.test(digits)) continue;
      for (const pairs of [digits, digits.slice(1)])
        found.push(...readableRuns(unpacked(Buffer.from(pairs, 'hex'))));
    }
  }
  return found;
}
