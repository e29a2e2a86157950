import { type Alphabet, findRun, NO_RUNS, runsBetween } from './runs.ts';
import type { TextBytes } from './text-bytes.ts';

// Of an alphabet that is part of `WORDISH`, runs of at least `LEAST_WORD` characters are looked for in long words only:
// most of a text is read once for all of them.

/** Whether there is a run of at least `least` characters. */
export function holdsWord({ bytes, words }: TextBytes, table: Alphabet, least: number): boolean {
  for (let index = 0; index < words.length; index += 2) {
    if (findRun(bytes, words[index + 1] ?? 0, table, least, words[index]) >= 0) return true;
  }
  return false;
}

/** Every longest run of at least `least` characters. */
export function wordsOf(text: TextBytes, table: Alphabet, least: number): readonly string[] {
  const { words } = text;
  if (words.length === 0) return NO_RUNS;
  const runs: string[] = [];
  for (let index = 0; index < words.length; index += 2) {
    runsBetween(text, table, least, words[index] ?? 0, words[index + 1] ?? 0, runs);
  }
  return runs;
}
