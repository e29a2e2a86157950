import { Transform } from 'node:stream';
import { EscapedSearch, encodingsOf } from '../../detection/index.ts';
import type { HeaderLines } from '../http/headers.ts';

/** Characters of a token, or of a part of its encoding, that stand for it alone. */
const MIN_SOUGHT = 4;

/** Tokens are few and stay; what they may look like is worked out once for each. */
const known = new Map<string, readonly EscapedSearch[]>();

function searchesFor(token: string): readonly EscapedSearch[] {
  const searches = known.get(token) ?? searchesOf([token, ...encodingsOf(token)]);
  known.set(token, searches);
  return searches;
}

function searchesOf(forms: readonly string[]): readonly EscapedSearch[] {
  return [...new Set(forms)]
    .filter(({ length }) => length >= MIN_SOUGHT)
    .sort((one, other) => other.length - one.length)
    .map((form) => new EscapedSearch(form));
}

/**
 * Takes an injected token out of what an upstream sends back, in whatever common encoding it comes. What it puts there
 * is as long as what was there, so that no length in the framing changes.
 */
export class ReflectionScrubber {
  readonly #searches: readonly EscapedSearch[];
  /** Characters of the longest form that is looked for. */
  readonly longest: number;

  constructor(token: string) {
    this.#searches = searchesFor(token);
    this.longest = Math.max(0, ...this.#searches.map(({ longest }) => longest));
  }

  text(value: string): string {
    return this.#searches.reduce((clean, search) => search.mask(clean), value);
  }

  bytes(body: Buffer): Buffer {
    const text = body.toString('latin1');
    const clean = this.text(text);
    return clean === text ? body : Buffer.from(clean, 'latin1');
  }

  /** Changes the lines that it is given. */
  headers(lines: HeaderLines): HeaderLines {
    // All at once: they seldom hold any form, and there are dozens.
    const all = Object.values(lines).join('\n');
    if (this.text(all) === all) return lines;
    for (const name of Object.keys(lines)) {
      const value = lines[name] ?? '';
      lines[name] = Array.isArray(value) ? value.map((line) => this.text(line)) : this.text(value);
    }
    return lines;
  }

  /** Holds back only bytes that may be the start of a token; everything else passes at once. */
  stream(): Transform {
    let tail = '';
    const scrub = (text: string) => this.text(text);
    const undecided = (text: string) => this.#undecided(text);
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const text = scrub(tail + chunk.toString('latin1'));
        const keep = undecided(text);
        tail = text.slice(text.length - keep);
        done(null, Buffer.from(text.slice(0, text.length - keep), 'latin1'));
      },
      flush(done) {
        done(null, Buffer.from(tail, 'latin1'));
      },
    });
  }

  /** Length of the longest end of the text that may be the start of some form of the token. */
  #undecided(text: string): number {
    for (let start = Math.max(0, text.length - this.longest + 1); start < text.length; start += 1) {
      if (this.#searches.some((search) => search.mayBegin(text, start))) return text.length - start;
    }
    return 0;
  }
}
