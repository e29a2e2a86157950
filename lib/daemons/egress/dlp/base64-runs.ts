import { readableRuns, unpacked } from './decoded-bytes.ts';
import { alphabet, DIGITS, LOWER, runsOf, UPPER } from './runs.ts';
import { Scratch } from './scratch.ts';
import type { TextBytes } from './text-bytes.ts';

/** Both alphabets. Line breaks too: MIME wraps. */
const BASE64 = alphabet(`${DIGITS}${LOWER}${UPPER}+/-_\r\n`);

/** Shorter segments hold nothing of worth. */
const LEAST_SEGMENT = 16;

/** By code. */
const SEXTETS = new Uint8Array(256);
for (const [sextet, character] of [...`${UPPER}${LOWER}${DIGITS}+/`].entries()) {
  SEXTETS[character.charCodeAt(0)] = sextet;
}
SEXTETS['-'.charCodeAt(0)] = 62;
SEXTETS['_'.charCodeAt(0)] = 63;

/** Sextets of zero behind each segment: its last bytes are filled up from them. */
const GAP = 4;

const sextetMemory = new Scratch();
const decodedMemory = new Scratch();

/** What may be base64, each once, without line breaks. */
export function base64Segments(text: TextBytes): readonly string[] {
  const runs = runsOf(text, BASE64, LEAST_SEGMENT);
  if (runs.length === 0) return runs;
  const segments = runs.filter((run) => !/^[a-z\r\n]+$|^[0-9]+$/.test(run));
  return [...new Set(segments)].map((run) => run.replace(/[\r\n]+/g, ''));
}

/**
 * What can be read of segments, decoded. Glued to other text, one may start at any of four places: first come all of
 * them as they are at the first, then at the second, and so on. Decoded here because for most segments, which are
 * short, a call of Node's decoder costs more than the work.
 */
export function base64Decoded(segments: readonly string[]): readonly string[] {
  if (segments.length === 0) return segments;
  const size = segments.reduce((sum, { length }) => sum + length + GAP, 0);
  const sextets = sextetMemory.atLeast(size);
  const decoded = decodedMemory.atLeast(size * 4);
  writeSextets(segments, sextets);
  let count = 0;
  for (let offset = 0; offset < 4; offset += 1) {
    let start = 0;
    for (const { length } of segments) {
      const end = start + length;
      for (let index = start + offset; index < end; index += 4) {
        const first = sextets[index] ?? 0;
        const second = sextets[index + 1] ?? 0;
        const third = sextets[index + 2] ?? 0;
        decoded[count] = (first << 2) | (second >> 4);
        decoded[count + 1] = (second << 4) | (third >> 2);
        decoded[count + 2] = (third << 6) | (sextets[index + 3] ?? 0);
        count += 3;
      }
      // Keeps the segments apart.
      decoded[count] = 0;
      count += 1;
      start = end + GAP;
    }
  }
  const packed = segments.filter((segment) => /^(?:H4sI|e[AFJN])/.test(segment));
  const inflated = packed.flatMap((segment) => readableRuns(unpacked(Buffer.from(segment, 'base64url'))));
  return [...readableRuns(decoded, count), ...inflated];
}

function writeSextets(segments: readonly string[], sextets: Buffer): void {
  let start = 0;
  for (const segment of segments) {
    const end = start + sextets.write(segment, start, 'latin1');
    for (let index = start; index < end; index += 1) sextets[index] = SEXTETS[sextets[index] ?? 0] ?? 0;
    start = end + GAP;
    sextets.fill(0, end, start);
  }
}
