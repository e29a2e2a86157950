/** Which ASCII characters a run may hold. */
export type Alphabet = Uint8Array;

export function alphabet(characters: string): Alphabet {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** What text is made of: all of printable ASCII, tabs and line breaks. */
export const PRINTABLE = alphabet(
  `\t\n\r${Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index)).join('')}`,
);

/**
 * Every longest run of the alphabet's characters of at least `least`. Looks first where a run that starts here would
 * have its last needed character: what cannot be one is passed over unread.
 */
export function runsOf(text: string, table: Alphabet, least: number): string[] {
  const runs: string[] = [];
  const { length } = text;
  /** Nothing before it belongs to a run that is not yet told; `known` characters from it on do. */
  let start = 0;
  let known = 0;
  while (start + least <= length) {
    let index = start + least - 1;
    while (index >= start + known && isIn(text, index, table)) index -= 1;
    if (index >= start + known) {
      known = start + least - 1 - index;
      start = index + 1;
      continue;
    }
    let end = start + least;
    while (end < length && isIn(text, end, table)) end += 1;
    runs.push(text.slice(start, end));
    start = end + 1;
    known = 0;
  }
  return runs;
}

export function isIn(text: string, index: number, table: Alphabet): boolean {
  const code = text.charCodeAt(index);
  // The comparison keeps the read inside the table, which is what lets the loop be compiled well.
  return code < 128 && table[code] === 1;
}
