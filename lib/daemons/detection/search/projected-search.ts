import { ALPHANUMERIC } from '../text/runs.ts';
import { SkipSearch } from './skip-search.ts';

/**
 * Searches for sequences of letters and digits, ignoring everything between them in the text. Needles consist
 * of at least three letters and digits.
 */
export class ProjectedSearch {
  readonly #needles: readonly string[];
  readonly #search: SkipSearch;
  /** The letters and digits of a text. The buffer is reused. */
  #kept = Buffer.alloc(0);

  constructor(needles: readonly string[]) {
    this.#needles = needles;
    this.#search = new SkipSearch(needles);
  }

  /** Returns the needles in the first `length` bytes. If `isOneEnough`, stops at the first match. */
  find(bytes: Uint8Array, length: number, isOneEnough: boolean): readonly string[] {
    if (this.#needles.length === 0) return this.#needles;
    const count = this.#project(bytes, length);
    const found = this.#search.find(this.#kept, count, isOneEnough);
    return found.size === 0 ? NONE : this.#needles.filter((_, place) => found.has(place));
  }

  /**
   * Counts the letters and digits. Writes each byte but only advances past those that stay, which avoids a
   * branch.
   */
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
