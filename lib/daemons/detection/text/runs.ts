/** The ASCII characters of a run, as a table by character code. */
export type Alphabet = Uint8Array;

export function alphabet(characters: string): Alphabet {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

export const DIGITS = '0123456789';
export const LOWER = 'abcdefghijklmnopqrstuvwxyz';
export const UPPER = LOWER.toUpperCase();

/** What text consists of: printable ASCII, tabs and line breaks. */
export const PRINTABLE = alphabet(
  `\t\n\r${Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)).join('')}`,
);

export const ALPHANUMERIC = alphabet(DIGITS + LOWER + UPPER);

/** What words, numbers, names and base64 consist of, including line breaks for wrapped text. */
export const WORDISH = alphabet(`${DIGITS}${LOWER}${UPPER}+/-_\r\n`);

/**
 * Returns the start of the first run of at least `least` alphabet characters at or after `from`, or -1.
 * Checks the last required character first, so that most of the text is skipped unread.
 */
export function findRun(bytes: Uint8Array, length: number, table: Alphabet, least: number, from = 0): number {
  /** Everything before `start` is ruled out; the `known` characters from it on belong to the alphabet. */
  let start = from;
  let known = 0;
  while (start + least <= length) {
    let index = start + least - 1;
    while (index >= start + known && table[bytes[index] ?? 0] === 1) index -= 1;
    if (index < start + known) return start;
    known = start + least - 1 - index;
    start = index + 1;
  }
  return -1;
}

/** Returns the end of the run that contains `start`. */
export function endOfRun(bytes: Uint8Array, length: number, table: Alphabet, start: number): number {
  let end = start;
  while (end < length && table[bytes[end] ?? 0] === 1) end += 1;
  return end;
}

/** Bytes of a text. Those after `length` are unrelated. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly length: number;
  slice(start: number, end: number): string;
}

/** Returns every maximal run of at least `least` alphabet characters. */
export function runsOf(text: Bytes, table: Alphabet, least: number): readonly string[] {
  const first = findRun(text.bytes, text.length, table, least);
  if (first < 0) return NO_RUNS;
  const runs: string[] = [];
  runsBetween(text, table, least, first, text.length, runs);
  return runs;
}

export const NO_RUNS: readonly string[] = [];

/** Adds the runs between two places to `runs`. */
export function runsBetween(
  text: Bytes,
  table: Alphabet,
  least: number,
  from: number,
  to: number,
  runs: string[],
): void {
  let start = findRun(text.bytes, to, table, least, from);
  while (start >= 0) {
    const end = endOfRun(text.bytes, to, table, start + least);
    runs.push(text.slice(start, end));
    start = findRun(text.bytes, to, table, least, end + 1);
  }
}
