import { TextBytes, TRAIT } from '../text/text-bytes.ts';
import { foldUnicode } from '../text/unicode.ts';
import { base32Decoded } from './base32-runs.ts';
import { base64Decoded } from './base64-runs.ts';
import { hexDecoded } from './hex-runs.ts';
import { Inflater } from './inflater.ts';
import { partContents } from './multipart-contents.ts';
import { quotedWords } from './quoted-printable.ts';

/** One readable form of a text. */
export interface View {
  readonly text: string;
  /** Number of decodings that led here; 0 is the text itself. */
  readonly depth: number;
  /** Whether the text was unreadable before decoding. Escapes and look-alikes do not hide it. */
  readonly wasHidden: boolean;
}

/** How many nested encodings are followed. The receiver has to undo each one, too. */
const MAX_DEPTH = 4;

/** Characters decoded per text beyond six times its length. Bounds time, whatever the text. */
const SPARE_CHARACTERS = 64 * 1024;

/** Shorter texts cannot hold anything of interest. */
const LEAST_VIEW = 8;

/** Longest text, in characters, whose values are joined. */
const MAX_JOINED = 256 * 1024;

/** Longest value in characters. */
const MAX_VALUE = 256;

interface Reading {
  readonly of: (text: TextBytes, inflater: Inflater) => string | undefined;
  readonly hides?: boolean;
}

/** Reused for every text. */
const current = new TextBytes();

/**
 * Shows the text and everything it decodes to, breadth first and within limits, until `see` returns `false`.
 * A view is valid only during the call. Returns whether all compressed data was unpacked.
 */
export function eachView(text: string, see: (text: TextBytes, view: View) => boolean): boolean {
  const inflater = new Inflater();
  const views: View[] = [{ text, depth: 0, wasHidden: false }];
  let left = text.length * 6 + SPARE_CHARACTERS;
  for (const view of views) {
    current.read(view.text);
    if (!see(current, view)) break;
    if (view.depth >= MAX_DEPTH) continue;
    for (const { of, hides = view.wasHidden } of READINGS) {
      const decoded = of(current, inflater);
      // Skip only the decoded text that is too long, or it would hide everything after it.
      if (decoded === undefined || decoded.length < LEAST_VIEW) continue;
      if (decoded.length > left + inflater.unpacked) continue;
      // There are few views, so comparing them is cheaper than hashing each.
      if (views.some((known) => known.text === decoded)) continue;
      left -= decoded.length;
      views.push({ text: decoded, depth: view.depth + 1, wasHidden: hides });
    }
  }
  return !inflater.isOver;
}

const READINGS: readonly Reading[] = [
  { of: folded },
  { of: percentDecoded },
  { of: formDecoded },
  { of: unescaped },
  { of: (text, inflater) => linesOf(base64Decoded(text, inflater)), hides: true },
  { of: (text, inflater) => linesOf(hexDecoded(text, inflater)), hides: true },
  { of: (text, inflater) => linesOf(base32Decoded(text, inflater)), hides: true },
  { of: joined },
  // Never counts as hidden: checksums in lock files end like lines with a soft line break.
  { of: quotedWords, hides: false },
  { of: ({ text }) => partContents(text) },
];

const linesOf = (runs: readonly string[]) => (runs.length === 0 ? undefined : runs.join('\n'));

function folded({ text, traits }: TextBytes): string | undefined {
  return (traits & TRAIT.other) === 0 ? undefined : foldUnicode(text);
}

function percentDecoded({ text, traits }: TextBytes): string | undefined {
  return (traits & TRAIT.percent) === 0 ? undefined : withoutPercent(text);
}

/** In forms and queries, a plus sign is a space. Elsewhere, as in base64, it is literal. */
function formDecoded({ text, traits }: TextBytes): string | undefined {
  if ((traits & TRAIT.equals) === 0 || (traits & TRAIT.quote) !== 0 || !text.includes('+')) return undefined;
  return FIELD.test(text) && !/\s/.test(text) ? withoutPercent(text.replaceAll('+', ' ')) : undefined;
}

const FIELD = /(?:^|[?&])[^\s?&=]{1,64}=/;

function withoutPercent(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    return bytes.toString('utf8');
  });
}

/**
 * Undoes escapes of JSON, JavaScript and HTML. An escape that results from this is left to the next round.
 */
function unescaped({ text, traits }: TextBytes): string | undefined {
  if ((traits & (TRAIT.backslash | TRAIT.ampersand)) === 0) return undefined;
  const plain = text.includes('\\') ? text.replace(SLASH_ESCAPES, slashUnescaped) : text;
  if (!plain.includes('&#')) return plain === text ? undefined : plain;
  return plain.replace(/&#x([0-9A-Fa-f]{1,6});|&#([0-9]{1,7});/g, (all, hex?: string, decimal?: string) =>
    characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16), all),
  );
}

const SLASH_ESCAPES = /\\(?:[nrt"'/\\]|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2})/g;

const BLANKS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function slashUnescaped(found: string): string {
  const kind = found[1] ?? '';
  if (kind === 'u' || kind === 'x') {
    return characterOf(Number.parseInt(found.replace(/[^0-9A-Fa-f]/g, ''), 16), found);
  }
  return BLANKS[kind] ?? kind;
}

function characterOf(code: number, otherwise: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}

/** Joins the values of a query or of JSON, in case a secret is scattered over them. */
function joined({ text, traits }: TextBytes): string | undefined {
  if ((traits & (TRAIT.quote | TRAIT.equals)) === 0 || text.length > MAX_JOINED) return undefined;
  if (text.includes('":')) return joinedJson(text);
  if (!text.includes('=') || !text.includes('&')) return undefined;
  return (text.match(/=[^&\s=]{1,256}/g) ?? []).map((value) => value.slice(1)).join('');
}

/** Hand-written: a regular expression takes three times as long, and most bodies are JSON. */
function joinedJson(text: string): string {
  let values = '';
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    let name = colon - 1;
    while (isBlank(text.charCodeAt(name))) name -= 1;
    let open = colon + 1;
    while (isBlank(text.charCodeAt(open))) open += 1;
    if (text.charCodeAt(name) !== QUOTE || text.charCodeAt(open) !== QUOTE) continue;
    const close = endOfValue(text, open + 1);
    if (close > open + 1 && text.charCodeAt(close) === QUOTE) values += text.slice(open + 1, close);
  }
  return values;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** True for JSON white space (RFC 8259, 2) and control characters; false outside the text (`NaN`). */
const isBlank = (code: number) => code <= 0x20;

/** Returns the index that ends a value without escapes or blanks; reads at most `MAX_VALUE` characters. */
function endOfValue(text: string, start: number): number {
  const most = Math.min(text.length, start + MAX_VALUE);
  let end = start;
  for (; end < most; end += 1) {
    const code = text.charCodeAt(end);
    if (code === QUOTE || code === BACKSLASH || isBlank(code)) break;
  }
  return end;
}
