import { Transform } from 'node:stream';
import { EscapedSearch, encodingsOf } from '../../detection/index.ts';
import type { HeaderLines } from '../http/headers.ts';

/** Minimum characters of a token, or part of its encoding, to search for: less would match by chance. */
const MIN_SOUGHT = 4;

/** Searches per token. Tokens are few and do not change. */
const searchesByToken = new Map<string, readonly EscapedSearch[]>();

function searchesFor(token: string): readonly EscapedSearch[] {
  const searches = searchesByToken.get(token) ?? searchesOf(formsOf(token));
  searchesByToken.set(token, searches);
  return searches;
}

/** For a `USER:PASSWORD`, also what `Authorization: Basic` held, to its last character, and the password alone. */
function formsOf(token: string): readonly string[] {
  const colon = token.indexOf(':');
  if (colon === -1) return [token, ...encodingsOf(token)];
  const password = token.slice(colon + 1);
  const sent = Buffer.from(token).toString('base64');
  return [sent, token, password, ...encodingsOf(token), ...encodingsOf(password)];
}

function searchesOf(forms: readonly string[]): readonly EscapedSearch[] {
  return [...new Set(forms)]
    .filter(({ length }) => length >= MIN_SOUGHT)
    .sort((one, other) => other.length - one.length)
    .map((form) => new EscapedSearch(form));
}

/** A scrubber for everything that was injected in requests to a host; `undefined` if nothing was. */
export function scrubberFor(tokens: readonly string[]): ReflectionScrubber | undefined {
  return tokens.length === 0 ? undefined : new ReflectionScrubber(tokens);
}

/**
 * Removes injected tokens from what an upstream sends, in any common encoding. The replacement has the same
 * length, so that lengths in the framing stay correct.
 */
export class ReflectionScrubber {
  readonly #searches: readonly EscapedSearch[];
  /** Characters of the longest form that is searched for. */
  readonly longest: number;

  constructor(tokens: readonly string[]) {
    // The longest first: one token may be a part of another.
    this.#searches = tokens.flatMap(searchesFor).sort((one, other) => other.longest - one.longest);
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

  /** Changes `lines` in place. */
  headers(lines: HeaderLines): HeaderLines {
    // All at once: there are dozens, and they seldom contain the token.
    const all = Object.values(lines).join('\n');
    if (this.text(all) === all) return lines;
    for (const name of Object.keys(lines)) {
      const value = lines[name] ?? '';
      lines[name] = Array.isArray(value) ? value.map((line) => this.text(line)) : this.text(value);
    }
    return lines;
  }

  /** Holds back only bytes that may be the start of a token; all others are forwarded at once. */
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

  /** Length of the longest suffix of the text that may be the start of some form of the token. */
  #undecided(text: string): number {
    for (let start = Math.max(0, text.length - this.longest + 1); start < text.length; start += 1) {
      if (this.#searches.some((search) => search.mayBegin(text, start))) return text.length - start;
    }
    return 0;
  }
}
