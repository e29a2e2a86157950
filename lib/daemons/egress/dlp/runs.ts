/** Which ASCII characters a run may hold. */
export type Alphabet = Uint8Array;

export function alphabet(characters: string): Alphabet {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Every longest run of the alphabet's characters of at least `least`; one pass, several times faster than a regex. */
export function runsOf(text: string, table: Alphabet, least: number): string[] {
  const runs: string[] = [];
  let start = 0;
  for (let index = 0; index <= text.length; index += 1) {
    // Past the end the code is NaN, which no table holds.
    if (table[text.charCodeAt(index)] === 1) continue;
    if (index - start >= least) runs.push(text.slice(start, index));
    start = index + 1;
  }
  return runs;
}
