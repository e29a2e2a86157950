import { alphabet } from './runs.ts';

const ALPHANUMERIC = alphabet('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
const HASHES = 1 << 15;

/**
 * Looks for letters and digits in a row, whatever else stands between them in the text: in one pass, without making
 * the text that would be left. Needles are of letters and digits alone, at least three.
 */
export class ProjectedSearch {
  readonly #marks = new Uint8Array(HASHES);
  readonly #needles = new Map<number, string[]>();
  /** Codes of the letters and digits so far; kept from text to text. */
  #kept = new Uint8Array(0);

  constructor(needles: readonly string[]) {
    for (const needle of needles) {
      let hash = 0;
      for (const character of needle.slice(-3)) hash = ((hash << 5) ^ character.charCodeAt(0)) & (HASHES - 1);
      this.#marks[hash] = 1;
      this.#needles.set(hash, [...(this.#needles.get(hash) ?? []), needle]);
    }
  }

  /** The needles that the text holds; at most one when `isOneEnough`, which ends the search at it. */
  find(text: string, isOneEnough: boolean): ReadonlySet<string> {
    const found = new Set<string>();
    if (this.#needles.size === 0) return found;
    const { length } = text;
    if (this.#kept.length < length) this.#kept = new Uint8Array(length);
    const [kept, marks] = [this.#kept, this.#marks];
    let count = 0;
    let hash = 0;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 128 || ALPHANUMERIC[code] !== 1) continue;
      kept[count] = code;
      count += 1;
      hash = ((hash << 5) ^ code) & (HASHES - 1);
      if (marks[hash] === 0) continue;
      for (const needle of this.#needles.get(hash) ?? []) {
        if (!endsWith(kept, count, needle)) continue;
        found.add(needle);
        if (isOneEnough) return found;
      }
    }
    return found;
  }
}

function endsWith(kept: Uint8Array, count: number, needle: string): boolean {
  const start = count - needle.length;
  if (start < 0) return false;
  for (let index = 0; index < needle.length; index += 1) {
    if (kept[start + index] !== needle.charCodeAt(index)) return false;
  }
  return true;
}
