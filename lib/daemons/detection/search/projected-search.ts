import { ALPHANUMERIC } from '../text/runs.ts';
import { SkipSearch } from './skip-search.ts';

/**
 * Looks for letters and digits in a row, whatever else stands between them in the text. Needles are of letters and
 * digits alone, at least three.
 */
export class ProjectedSearch {
  readonly #needles: readonly string[];
  readonly #search: SkipSearch;
  /** The letters and digits of a text; the memory is kept from text to text. */
  #kept = Buffer.alloc(0);

  constructor(needles: readonly string[]) {
    this.#needles = needles;
    this.#search = new SkipSearch(needles);
  }

  /** The needles in the first `length` bytes; at most one where `isOneEnough`, which ends the search at it. */
  find(bytes: Uint8Array, length: number, isOneEnough: boolean): readonly string[] {
    if (this.#needles.length === 0) return this.#needles;
    const count = this.#project(bytes, length);
    const found = this.#search.find(this.#kept, count, isOneEnough);
    return found.size === 0 ? NONE : this.#needles.filter((_, place) => found.has(place));
  }

  /** How many letters and digits there are. Writes each byte and counts those that stay: no branch to guess wrong. */
  #project(bytes: Uint8Array, length: number): number {
    if (this.#kept.length < length) this.#kept = Buffer.alloc(length * 2);
    const kept = this.#kept;
    let count = 0;
    for (let index = 0; index < length; index += 1) {
      const code = bytes[index] ?? 0;
      kept[count] = code;
      count += ALPHANUMERIC[code] ?? 0;
    }
    return count;
  }
}

const NONE: readonly string[] = [];
