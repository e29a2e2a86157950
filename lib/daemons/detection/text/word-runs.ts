import { type Alphabet, alphabet, findRun, NO_RUNS, runsBetween, runsOf, WORDISH } from './runs.ts';
import { LEAST_WORD, type TextBytes } from './text-bytes.ts';

/** At least `least` characters of an alphabet in a row. */
export interface Run {
  readonly of: Alphabet;
  readonly least: number;
  /**
   * Whether every such run lies in one of `TextBytes.words`, so that all these runs share one pass over the
   * text.
   */
  readonly isWord: boolean;
}

export function runOf(characters: string, least: number): Run {
  const of = alphabet(characters);
  return { of, least, isWord: least >= LEAST_WORD && of.every((has, code) => has <= (WORDISH[code] ?? 0)) };
}

/** Whether the text contains such a run. */
export function holdsRun({ bytes, length, words }: TextBytes, { of, least, isWord }: Run): boolean {
  if (!isWord) return findRun(bytes, length, of, least) >= 0;
  for (let index = 0; index < words.length; index += 2) {
    if (findRun(bytes, words[index + 1] ?? 0, of, least, words[index]) >= 0) return true;
  }
  return false;
}

/** Returns every maximal run of this kind. */
export function runsIn(text: TextBytes, { of, least, isWord }: Run): readonly string[] {
  if (!isWord) return runsOf(text, of, least);
  const { words } = text;
  if (words.length === 0) return NO_RUNS;
  const runs: string[] = [];
  for (let index = 0; index < words.length; index += 2) {
    runsBetween(text, of, least, words[index] ?? 0, words[index + 1] ?? 0, runs);
  }
  return runs;
}
