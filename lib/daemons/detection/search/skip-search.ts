const HASHES = 1 << 15;

/** Hashes the three bytes that end at `end`. */
const hashAt = (bytes: Uint8Array, end: number): number =>
  (((bytes[end - 2] ?? 0) << 10) ^ ((bytes[end - 1] ?? 0) << 5) ^ (bytes[end] ?? 0)) & (HASHES - 1);

/**
 * Searches for many long needles at once, mostly without reading the text (after Wu and Manber, 1994): three
 * bytes at the end of a possible match tell how far ahead the next one can be. Time is linear, whatever the
 * text. Needles have at least three bytes; the longer the shortest one, the faster.
 */
export class SkipSearch {
  readonly #needles: readonly Buffer[];
  /** Leading bytes of each needle that are compared first. */
  readonly #window: number;
  /** By hash; 0 where a window may end. */
  readonly #skips: Uint8Array;
  /** Indexes of needles by the hash at the end of their window. */
  readonly #places = new Map<number, number[]>();

  constructor(needles: readonly string[]) {
    this.#needles = needles.map((needle) => Buffer.from(needle));
    this.#window = Math.min(255, ...this.#needles.map(({ length }) => length));
    this.#skips = new Uint8Array(HASHES).fill(this.#window - 2);
    const last = this.#window - 1;
    for (const [place, needle] of this.#needles.entries()) {
      for (let end = 2; end <= last; end += 1) {
        const hash = hashAt(needle, end);
        this.#skips[hash] = Math.min(this.#skips[hash] ?? 0, last - end);
      }
      const hash = hashAt(needle, last);
      this.#places.set(hash, [...(this.#places.get(hash) ?? []), place]);
    }
  }

  /**
   * Returns the indexes of the needles in the first `length` bytes. If `isOneEnough`, stops at the first
   * match.
   */
  find(bytes: Uint8Array, length: number, isOneEnough: boolean): ReadonlySet<number> {
    if (this.#needles.length === 0) return NONE;
    const skips = this.#skips;
    let found: Set<number> | undefined;
    let end = this.#window - 1;
    while (end < length) {
      const skip = skips[hashAt(bytes, end)] ?? 1;
      if (skip === 0) {
        const here = this.#endingAt(bytes, length, end);
        for (const place of here) found = (found ?? new Set()).add(place);
        if (found !== undefined && isOneEnough) return found;
      }
      end += skip === 0 ? 1 : skip;
    }
    return found ?? NONE;
  }

  /** Returns the needles whose window ends at `end`. */
  #endingAt(bytes: Uint8Array, length: number, end: number): readonly number[] {
    const start = end + 1 - this.#window;
    return (this.#places.get(hashAt(bytes, end)) ?? []).filter((place) => {
      const needle = this.#needles[place];
      return needle !== undefined && startsWith(bytes, length, start, needle);
    });
  }
}

const NONE: ReadonlySet<number> = new Set();

function startsWith(bytes: Uint8Array, length: number, start: number, needle: Uint8Array): boolean {
  if (start + needle.length > length) return false;
  for (let index = 0; index < needle.length; index += 1) {
    if (bytes[start + index] !== needle[index]) return false;
  }
  return true;
}
