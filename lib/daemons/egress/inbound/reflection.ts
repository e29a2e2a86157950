import { Transform } from 'node:stream';
import { EscapedSearch, encodingsOf, GappedSearch, SkipSearch } from '../../detection/index.ts';
import type { HeaderLines } from '../http/headers.ts';

/** Minimum characters of a token, or part of its encoding, to search for: less would match by chance. */
const MIN_SOUGHT = 4;

/** The same for forms that may be interrupted anywhere. */
const MIN_GAPPED = 8;

/** As programs wrap base64 and hex, as they are or in a text of their own. */
const BREAKS = ['\r\n', '\n', '\r', '\\r\\n', '\\n', '%0D%0A', '%0A', '\r\n ', '\n ', '\r\n\t', '\n\t', ' '];
/** What stands between the bytes of hex in dumps, fingerprints and arrays. */
const SEPARATORS = [' ', ':', '-', ',', ', ', '\\x', '%', ', 0x', ',0x', ' 0x'];

/** The forms of a token that may be interrupted; none of one that is too short to be told from chance. */
function gappedFormsOf(token: string): readonly GappedSearch[] {
  if (token.length < MIN_GAPPED) return [];
  const hex = Buffer.from(token).toString('hex').match(/../g) ?? [];
  const hexGaps = [...SEPARATORS, ...BREAKS];
  const base64 = encodingsOf(token).filter(
    (form) => !/^[0-9a-fA-F]*$/.test(form) && form.length >= MIN_GAPPED,
  );
  return [
    ...[hex, hex.map((pair) => pair.toUpperCase())].map(
      (pairs) => new GappedSearch(pairs, hexGaps, ['', ...SEPARATORS]),
    ),
    ...base64.map((form) => new GappedSearch([...form], BREAKS, [''])),
  ];
}

/** Searches per token. Tokens are few and do not change. */
const searchesByToken = new Map<string, readonly EscapedSearch[]>();

function searchesFor(token: string): readonly EscapedSearch[] {
  const searches = searchesByToken.get(token) ?? searchesOf(formsOf(token));
  searchesByToken.set(token, searches);
  return searches;
}

function passwordOf(token: string): readonly string[] {
  const colon = token.indexOf(':');
  return colon === -1 ? [] : [token.slice(colon + 1)];
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
  readonly #gapped: readonly GappedSearch[];
  /** Finds whether any of `#gapped` can have a match: nearly always, none can. */
  readonly #anchors: SkipSearch;
  /** Characters of the longest form that is searched for. */
  readonly longest: number;

  constructor(tokens: readonly string[]) {
    // The longest first: one token may be a part of another.
    this.#searches = tokens.flatMap(searchesFor).sort((one, other) => other.longest - one.longest);
    const plain = tokens.flatMap((token) => [token, ...passwordOf(token)]);
    this.#gapped = [...new Set(plain)].flatMap(gappedFormsOf);
    this.#anchors = new SkipSearch([...new Set(this.#gapped.flatMap(({ anchors }) => anchors))]);
    this.longest = Math.max(0, ...[...this.#searches, ...this.#gapped].map(({ longest }) => longest));
  }

  text(value: string): string {
    const clean = this.#searches.reduce((text, search) => search.mask(text), value);
    if (this.#gapped.length === 0) return clean;
    const bytes = Buffer.from(clean, 'latin1');
    if (this.#anchors.find(bytes, bytes.length, true).size === 0) return clean;
    return this.#gapped.reduce((text, search) => search.mask(text), clean);
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
      const may = (search: EscapedSearch | GappedSearch) => search.mayBegin(text, start);
      if (this.#searches.some(may) || this.#gapped.some(may)) return text.length - start;
    }
    return 0;
  }
}
