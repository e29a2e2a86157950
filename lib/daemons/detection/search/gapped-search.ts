/** Characters of an anchor, at least: more than chance brings. */
const MIN_ANCHOR = 8;

const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** A part of what is sought, as it stands between two gaps. */
interface Anchor {
  readonly text: string;
  /** Sticky: matches what follows the anchor's beginning, and looks back at what precedes it. */
  readonly around: RegExp;
}

/**
 * Searches for a sequence of units between any of which there may be a gap, such as base64 that is wrapped or hex with a
 * separator after each byte. Two parts of it serve as anchors, so one break within them does no harm.
 */
export class GappedSearch {
  readonly #units: readonly string[];
  readonly #gaps: readonly string[];
  readonly #anchors: readonly Anchor[];
  /** Characters of the longest form. */
  readonly longest: number;

  /**
   * @param gaps what may stand between two units, each at most once in a place
   * @param usual what stands between the units of an anchor, one or the other throughout
   */
  constructor(units: readonly string[], gaps: readonly string[], usual: readonly string[]) {
    this.#units = units;
    this.#gaps = gaps;
    const longestGap = Math.max(...gaps.map(({ length }) => length));
    this.longest = units.join('').length + (units.length - 1) * longestGap;
    this.#anchors = usual.flatMap((gap) => this.#anchorsWith(gap));
  }

  /** At least one of them is in any text with a match. */
  get anchors(): readonly string[] {
    return this.#anchors.map(({ text }) => text);
  }

  /** Replaces every match with as many `*` as it has characters. */
  mask(text: string): string {
    return this.#anchors.reduce((masked, anchor) => maskAt(masked, anchor), text);
  }

  /** Whether the text from `start` on could become a match if more text followed. */
  mayBegin(text: string, start: number): boolean {
    let places = [start];
    for (const unit of this.#units) {
      const next: number[] = [];
      for (const place of places) {
        if (isCutOff(text, place, unit)) return true;
        if (!text.startsWith(unit, place)) continue;
        const end = place + unit.length;
        next.push(end);
        for (const gap of this.#gaps) {
          if (isCutOff(text, end, gap)) return true;
          if (text.startsWith(gap, end)) next.push(end + gap.length);
        }
      }
      if (next.length === 0) return false;
      places = [...new Set(next)];
    }
    return false;
  }

  #anchorsWith(gap: string): Anchor[] {
    const size = Math.ceil((MIN_ANCHOR + gap.length) / ((this.#units[0]?.length ?? 1) + gap.length));
    return [0, size]
      .filter((first) => first + size <= this.#units.length)
      .map((first) => ({
        text: this.#units.slice(first, first + size).join(gap),
        around: this.#around(first),
      }));
  }

  #around(first: number): RegExp {
    const between = `(?:${this.#gaps.map(quoted).join('|')})?`;
    const before = this.#units.slice(0, first).map((unit) => quoted(unit) + between);
    const after = this.#units.slice(first).map(quoted).join(between);
    return new RegExp(`(?<=(${before.join('')}))${after}`, 'y');
  }
}

function maskAt(text: string, { text: anchor, around }: Anchor): string {
  const parts: string[] = [];
  let done = 0;
  for (let at = text.indexOf(anchor); at >= 0; at = text.indexOf(anchor, Math.max(at + 1, done))) {
    around.lastIndex = at;
    const found = around.exec(text);
    if (found === null) continue;
    const [start, end] = [at - (found[1]?.length ?? 0), at + found[0].length];
    parts.push(text.slice(done, start), '*'.repeat(end - start));
    done = end;
  }
  return done === 0 ? text : parts.join('') + text.slice(done);
}

/** Whether the text ends within `wanted`, or where it would begin. */
function isCutOff(text: string, place: number, wanted: string): boolean {
  const left = text.length - place;
  return left < wanted.length && wanted.startsWith(text.slice(place));
}
