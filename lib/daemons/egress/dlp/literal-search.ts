/** Last three characters of what was read, five bits further each: the fourth last has no part in it. */
const HASHES = 1 << 15;

interface Place {
  readonly needle: number;
  /** Characters of the needle up to the end of the three that it is found by. */
  readonly end: number;
}

/**
 * Looks for many literals in one pass, however many they are: at each character one look into a table tells whether
 * any could be here. Some ten times faster than asking for each in turn, and linear whatever the text.
 */
export class LiteralSearch {
  readonly #needles: readonly string[];
  /** Too short for the table. */
  readonly #short: readonly number[];
  readonly #marks = new Uint8Array(HASHES);
  readonly #places = new Map<number, Place[]>();

  constructor(needles: readonly string[]) {
    this.#needles = needles;
    this.#short = needles.flatMap((needle, index) => (needle.length < 3 ? [index] : []));
    for (const [needle, text] of needles.entries()) {
      if (text.length < 3) continue;
      const end = rarestEnd(text);
      const hash = hashOf(text, end);
      this.#marks[hash] = 1;
      this.#places.set(hash, [...(this.#places.get(hash) ?? []), { needle, end }]);
    }
  }

  /** Places, in the list given to the constructor, of those that the text holds. */
  find(text: string): ReadonlySet<number> {
    let found: Set<number> | undefined;
    const marks = this.#marks;
    const { length } = text;
    let hash = 0;
    for (let index = 0; index < length; index += 1) {
      hash = ((hash << 5) ^ text.charCodeAt(index)) & (HASHES - 1);
      if (marks[hash] === 0) continue;
      for (const { needle, end } of this.#places.get(hash) ?? []) {
        const isHere = text.startsWith(this.#needles[needle] ?? '', index + 1 - end);
        if (isHere) found = (found ?? new Set()).add(needle);
      }
    }
    for (const needle of this.#short) {
      if (text.includes(this.#needles[needle] ?? '')) found = (found ?? new Set()).add(needle);
    }
    return found ?? NONE;
  }
}

const NONE: ReadonlySet<number> = new Set();

function hashOf(text: string, end: number): number {
  let hash = 0;
  for (let index = end - 3; index < end; index += 1) {
    hash = ((hash << 5) ^ text.charCodeAt(index)) & (HASHES - 1);
  }
  return hash;
}

/** Three characters that prose seldom has: of small letters and blanks as few as can be. */
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
