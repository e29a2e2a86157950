import { type Alphabet, endOfRun, findRun, PRINTABLE } from '../text/runs.ts';
import { utf8Runs } from '../text/utf8-runs.ts';
import { LEAST_RUN, readableRuns, withoutZeros } from './decoded-bytes.ts';

/**
 * UTF-8 lead bytes of characters that look like ASCII or are invisible. Other letters cannot disguise ASCII.
 */
const LEADS = [
  0xc2, 0xc3, 0xc4, 0xc5, 0xc7, 0xc8, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5,
].concat([0xe1, 0xe2, 0xef, 0xf0, 0xf3]);

/** The bytes of such UTF-8, and the zeros that UTF-16 adds to ASCII. */
const TEXT: Alphabet = PRINTABLE.map((isReadable, byte) =>
  byte === 0 || (byte >= 0x80 && byte <= 0xbf) || LEADS.includes(byte) ? 1 : isReadable,
);

/** Separates decoded pieces: no text contains this byte, not even UTF-16. */
export const APART = 1;

/** Most binary data never has this many text-like bytes in a row. */
const LEAST_TEXT = 20;

/** Returns the readable text in the first `length` decoded bytes: ASCII, UTF-8, and ASCII in UTF-16. */
export function textsIn(bytes: Buffer, length = bytes.length): readonly string[] {
  const ascii = readableRuns(bytes, length);
  const others: string[] = [];
  let start = findRun(bytes, length, TEXT, LEAST_TEXT);
  while (start >= 0) {
    const end = endOfRun(bytes, length, TEXT, start + LEAST_TEXT);
    if (endOfRun(bytes, end, PRINTABLE, start) < end) addOthers(bytes, start, end, others);
    start = findRun(bytes, length, TEXT, LEAST_TEXT, end + 1);
  }
  return others.length === 0 ? ascii : [...ascii, ...others];
}

function addOthers(bytes: Buffer, start: number, end: number, others: string[]): void {
  for (const { from, to, isAscii } of utf8Runs(bytes, start, end, LEAST_RUN)) {
    if (!isAscii) others.push(bytes.toString('utf8', from, to));
  }
  const zero = bytes.indexOf(0, start);
  if (zero >= 0 && zero < end) others.push(...readableRuns(withoutZeros(bytes.subarray(start, end))));
}
