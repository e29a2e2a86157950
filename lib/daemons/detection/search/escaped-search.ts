/** HTML entity names of characters that occur in credentials. */
const HTML_NAMES: Readonly<Record<string, string>> = {
  '"': 'quot',
  '&': 'amp',
  "'": 'apos',
  '+': 'plus',
  '.': 'period',
  '/': 'sol',
  ':': 'colon',
  '<': 'lt',
  '=': 'equals',
  '>': 'gt',
  _: 'lowbar',
};

/** Characters that start an escape in URLs, HTML, JSON and JavaScript. */
const ESCAPING = '%&\\';

/** Characters of the longest escape, such as `&period;`. */
const MAX_ESCAPE = 8;

const isPlain = (character: string) => /[A-Za-z0-9]/.test(character);

/** Returns the ways to escape a character, in lower case. */
function escapesOf(character: string): readonly string[] {
  if (isPlain(character)) return [];
  const code = character.charCodeAt(0);
  const hex = code.toString(16).padStart(2, '0');
  const name = HTML_NAMES[character];
  return [
    `%${hex}`,
    `%25${hex}`,
    `\\${character}`,
    `\\x${hex}`,
    `\\u00${hex}`,
    `&#${code};`,
    `&#0${code};`,
    `&#x${hex};`,
    ...(name === undefined ? [] : [`&${name};`]),
  ];
}

/**
 * Searches for one string, even if any of its characters other than letters and digits are escaped, each in
 * its own way.
 */
export class EscapedSearch {
  readonly #characters: readonly string[];
  readonly #escapes: readonly (readonly string[])[];
  /** The longest part that occurs unescaped in every form. */
  readonly #anchor: string;
  /** Characters before the anchor. */
  readonly #before: number;
  /** Characters that the string can begin with. */
  readonly #beginnings: string;
  /** Characters of the longest form of the string. */
  readonly longest: number;

  constructor(sought: string) {
    this.#characters = [...sought];
    this.#escapes = this.#characters.map(escapesOf);
    this.#anchor = sought
      .split(/[^A-Za-z0-9]+/)
      .reduce((one, other) => (other.length > one.length ? other : one));
    this.#before = sought.indexOf(this.#anchor);
    this.#beginnings = isPlain(sought.charAt(0)) ? sought.charAt(0) : sought.charAt(0) + ESCAPING;
    this.longest = this.#escapes.reduce(
      (sum, ways) => sum + Math.max(1, ...ways.map(({ length }) => length)),
      0,
    );
  }

  /** Replaces every match with as many `*` as it has characters. */
  mask(text: string): string {
    const parts: string[] = [];
    let done = 0;
    for (let at = text.indexOf(this.#anchor); at >= 0 && at < text.length; ) {
      const end = this.#endAfter(text, at + this.#anchor.length);
      const start = end === undefined ? undefined : this.#startBefore(text, at);
      if (start !== undefined && end !== undefined) {
        const from = Math.max(start, done);
        parts.push(text.slice(done, from), '*'.repeat(end - from));
        done = end;
      }
      at = text.indexOf(this.#anchor, Math.max(at + 1, done));
    }
    return done === 0 ? text : parts.join('') + text.slice(done);
  }

  /** Whether the text from `start` on could become a match if more text followed. */
  mayBegin(text: string, start: number): boolean {
    if (!this.#beginnings.includes(text.charAt(start))) return false;
    let places = [start];
    for (let index = 0; index < this.#characters.length && places.length > 0; index += 1) {
      if (places.some((place) => this.#isCutOff(text, place, index))) return true;
      places = this.#step(text, places, index);
    }
    return false;
  }

  /** Whether the text ends where the character at `index` is expected, or within an escape of it. */
  #isCutOff(text: string, place: number, index: number): boolean {
    if (text.length - place > MAX_ESCAPE) return false;
    const rest = text.slice(place).toLowerCase();
    return (
      rest === '' ||
      (this.#escapes[index]?.some((way) => way.length > rest.length && way.startsWith(rest)) ?? false)
    );
  }

  #startBefore(text: string, anchor: number): number | undefined {
    let places = [anchor];
    for (let index = this.#before - 1; index >= 0 && places.length > 0; index -= 1) {
      places = this.#stepBack(text, places, index);
    }
    return places.length === 0 ? undefined : Math.min(...places);
  }

  #endAfter(text: string, anchorEnd: number): number | undefined {
    let places = [anchorEnd];
    const { length } = this.#characters;
    for (let index = this.#before + this.#anchor.length; index < length && places.length > 0; index += 1) {
      places = this.#step(text, places, index);
    }
    return places.length === 0 ? undefined : Math.max(...places);
  }

  /**
   * Returns where the character at `index` ends if it begins at one of the places. There may be several:
   * `%25` may stand for `%` or for three characters.
   */
  #step(text: string, places: readonly number[], index: number): number[] {
    const next = new Set<number>();
    for (const place of places) {
      if (text.charAt(place) === this.#characters[index]) next.add(place + 1);
      if (!ESCAPING.includes(text.charAt(place))) continue;
      for (const way of this.#escapes[index] ?? []) {
        if (isSame(text.slice(place, place + way.length), way)) next.add(place + way.length);
      }
    }
    return [...next];
  }

  /** Returns where the character at `index` begins if it ends at one of the places. */
  #stepBack(text: string, places: readonly number[], index: number): number[] {
    const next = new Set<number>();
    for (const place of places) {
      if (place > 0 && text.charAt(place - 1) === this.#characters[index]) next.add(place - 1);
      for (const way of this.#escapes[index] ?? []) {
        const start = place - way.length;
        if (start >= 0 && isSame(text.slice(start, place), way)) next.add(start);
      }
    }
    return [...next];
  }
}

function isSame(text: string, inLowerCase: string): boolean {
  return text.length === inLowerCase.length && text.toLowerCase() === inLowerCase;
}
