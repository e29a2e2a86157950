import { type Alphabet, endOfRun, findRun, PRINTABLE } from '../text/runs.ts';
import { utf8Runs } from '../text/utf8-runs.ts';
import { LEAST_RUN, readableRuns, withoutZeros } from './decoded-bytes.ts';

/** First bytes, in UTF-8, of what looks like ASCII, or like nothing at all: other letters hide none. */
const LEADS = [
  0xc2, 0xc3, 0xc4, 0xc5, 0xc7, 0xc8, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5,
].concat([0xe1, 0xe2, 0xef, 0xf0, 0xf3]);

/** Bytes of such UTF-8, and the zeros that UTF-16 has beside ASCII. */
const TEXT: Alphabet = PRINTABLE.map((isReadable, byte) =>
  byte === 0 || (byte >= 0x80 && byte <= 0xbf) || LEADS.includes(byte) ? 1 : isReadable,
);

/** To put between pieces of what was decoded: stands in no text, not even in one of UTF-16. */
export const APART = 1;

/** Most of what is no text has not so many bytes in a row that could be some. */
const LEAST_TEXT = 20;

/** What can be read of the first `length` bytes of something that was decoded: ASCII, UTF-8, and ASCII in UTF-16. */
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
