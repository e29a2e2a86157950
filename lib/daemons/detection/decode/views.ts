import { TextBytes, TRAIT } from '../text/text-bytes.ts';
import { foldUnicode } from '../text/unicode.ts';
import { base32Decoded } from './base32-runs.ts';
import { base64Decoded } from './base64-runs.ts';
import { hexDecoded } from './hex-runs.ts';
import { Inflater } from './inflater.ts';
import { partContents } from './multipart-contents.ts';
import { quotedWords } from './quoted-printable.ts';

/** One reading of a text. */
export interface View {
  readonly text: string;
  /** How often something had to be decoded to get here; 0 is the text itself. */
  readonly depth: number;
  /** Whether nobody could have read it before; escapes and look-alikes can be read as they are. */
  readonly wasHidden: boolean;
}

/** Encodings inside encodings that are followed. Each further one needs a receiver that undoes it. */
const MAX_DEPTH = 4;

/** Characters decoded for one text, beyond its own length times six: the bound on time, whatever the text. */
const SPARE_CHARACTERS = 64 * 1024;

/** Shorter texts hold nothing of worth. */
const LEAST_VIEW = 8;

/** Characters of a text whose values are put together. */
const MAX_JOINED = 256 * 1024;

/** Characters of one of these. */
const MAX_VALUE = 256;

interface Reading {
  readonly of: (text: TextBytes, inflater: Inflater) => string | undefined;
  readonly hides?: boolean;
}

/** What is looked at; serves text after text. */
const current = new TextBytes();

/**
 * Shows the text and all that it can be decoded to, breadth first, within bounds, until `see` returns `false`. What is
 * shown holds until then. Gives whether all that is compressed in it was unpacked.
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
      // What is too long is left out alone: else it would hide all that comes after.
      if (decoded === undefined || decoded.length < LEAST_VIEW) continue;
      if (decoded.length > left + inflater.unpacked) continue;
      // Few, so comparing them is less work than hashing each.
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
  // Not even in what was hidden: the sums of lock files end as lines do that go on.
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

/** In forms and queries a plus sign is a blank; elsewhere, as in base64, it is itself. */
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

/** Escapes of JSON, JavaScript and HTML; an escape that they make up together is left to the next reading. */
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

/** A secret scattered over the values of a query or of JSON: the values, end to end. */
function joined({ text, traits }: TextBytes): string | undefined {
  if ((traits & (TRAIT.quote | TRAIT.equals)) === 0 || text.length > MAX_JOINED) return undefined;
  if (text.includes('":')) return joinedJson(text);
  if (!text.includes('=') || !text.includes('&')) return undefined;
  return (text.match(/=[^&\s=]{1,256}/g) ?? []).map((value) => value.slice(1)).join('');
}

/** By hand: an expression takes three times as long, and most bodies are JSON. */
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

/** Of JSON (RFC 8259, 2), and whatever else is no character; not of what is outside the text. */
const isBlank = (code: number) => code <= 0x20;

/** The first character that ends a value without escapes or blanks; a longer one is read no further. */
function endOfValue(text: string, start: number): number {
  const most = Math.min(text.length, start + MAX_VALUE);
  let end = start;
  for (; end < most; end += 1) {
    const code = text.charCodeAt(end);
    if (code === QUOTE || code === BACKSLASH || isBlank(code)) break;
  }
  return end;
}
