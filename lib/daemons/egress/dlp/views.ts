import { gunzipSync, inflateSync } from 'node:zlib';
import { alphabet, PRINTABLE, runsOf } from './runs.ts';
import { foldUnicode, holdsUnicode } from './unicode.ts';

/** One reading of a text. */
export interface View {
  readonly text: string;
  /** How often something had to be decoded to get here; 0 is the text itself. */
  readonly depth: number;
}

/** Encodings inside encodings that are followed. Each further one needs a receiver that undoes it. */
const MAX_DEPTH = 4;

/** Characters decoded for one text, beyond its own length times six: the bound on time, whatever the text. */
const SPARE_CHARACTERS = 64 * 1024;

/** Bytes that one compressed segment may grow to. */
const MAX_INFLATED = 256 * 1024;

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Line breaks too: MIME wraps. */
const BASE64 = alphabet(`${DIGITS}${LETTERS}${LETTERS.toUpperCase()}+/-_\r\n`);
/** Pairs with the usual things between them. */
const HEX = alphabet(`${DIGITS}abcdefABCDEFx\\-:;,. `);
const BASE32 = alphabet(`234567${LETTERS}${LETTERS.toUpperCase()}`);
/** Shorter runs of what was decoded are chance. */
const LEAST_RUN = 8;
const HEX_PAIRS = /(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[-:;,. ]?){8,}/g;

type Reading = (text: string) => string | undefined;

/** The text and all that it can be decoded to, breadth first, within bounds. */
export function* viewsOf(text: string): Generator<View> {
  // Few, so comparing them is less work than hashing each.
  const seen = [text];
  const queue: View[] = [{ text, depth: 0 }];
  let budget = text.length * 6 + SPARE_CHARACTERS;
  for (let view = queue.shift(); view !== undefined; view = queue.shift()) {
    yield view;
    if (view.depth >= MAX_DEPTH) continue;
    for (const read of READINGS) {
      const decoded = read(view.text);
      if (decoded === undefined || decoded.length < 8 || seen.includes(decoded)) continue;
      // What is too long is left out alone: else it would hide all that comes after.
      if (decoded.length > budget) continue;
      budget -= decoded.length;
      seen.push(decoded);
      queue.push({ text: decoded, depth: view.depth + 1 });
    }
  }
}

const READINGS: readonly Reading[] = [
  folded,
  percentDecoded,
  unescaped,
  base64Decoded,
  hexDecoded,
  base32Decoded,
  joined,
];

function folded(text: string): string | undefined {
  return holdsUnicode(text) ? foldUnicode(text) : undefined;
}

function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return undefined;
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    return bytes.toString('utf8');
  });
}

/** Escapes of JSON, JavaScript and HTML; an escape that they make up together is left to the next reading. */
function unescaped(text: string): string | undefined {
  const plain = text.includes('\\') ? text.replace(SLASH_ESCAPES, slashUnescaped) : text;
  if (!plain.includes('&#')) return plain === text ? undefined : plain;
  return plain.replace(/&#x([0-9A-Fa-f]{1,6});|&#([0-9]{1,7});/g, (all, hex?: string, decimal?: string) =>
    characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16), all),
  );
}

const SLASH_ESCAPES = /\\(?:[nrt"'/\\]|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2})/g;

function slashUnescaped(found: string): string {
  const kind = found[1] ?? '';
  if (kind === 'u' || kind === 'x') {
    return characterOf(Number.parseInt(found.replace(/[^0-9A-Fa-f]/g, ''), 16), found);
  }
  return 'nrt'.includes(kind) ? '\n' : kind;
}

function characterOf(code: number, otherwise: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}

/** Standard and URL alphabet, wrapped lines too. All segments in one go: a decoder's call costs more than its work. */
function base64Decoded(text: string): string | undefined {
  const found = runsOf(text, BASE64, 16).filter((run) => !/^[a-z\r\n]+$|^[0-9]+$/.test(run));
  const segments = [...new Set(found)].map((run) => run.replace(/[\r\n]+/g, ''));
  if (segments.length === 0) return undefined;
  // Glued to other text it may start at any of four places. Zero bytes (`A`) keep the segments apart.
  const aligned = [0, 1, 2, 3].flatMap((start) =>
    segments.map((segment) => {
      const part = segment.slice(start);
      return part.padEnd(Math.ceil(part.length / 4) * 4 + 4, 'A');
    }),
  );
  const runs = runsOf(Buffer.from(aligned.join(''), 'base64url').toString('latin1'), PRINTABLE, LEAST_RUN);
  const packed = segments.filter((segment) => /^(?:H4sI|e[AFJN])/.test(segment));
  const inflated = legible(packed, (segment) => [unpacked(Buffer.from(segment, 'base64url'))]);
  if (inflated !== undefined) runs.push(inflated);
  return runs.length === 0 ? undefined : runs.join('\n');
}

function hexDecoded(text: string): string | undefined {
  const segments = runsOf(text, HEX, 16).flatMap((run) => run.match(HEX_PAIRS) ?? []);
  return legible(segments, (segment) => {
    const plain = segment.replace(/0x|\\x|[^0-9A-Fa-f]/g, '');
    return [Buffer.from(plain, 'hex'), Buffer.from(plain.slice(1), 'hex')];
  });
}

function base32Decoded(text: string): string | undefined {
  // Its letters are among those of base64, of which there are few runs.
  const segments = runsOf(runsOf(text, BASE64, 16).join('\0'), BASE32, 16).filter((run) =>
    /^[A-Z2-7]+$|^[a-z2-7]+$/.test(run),
  );
  return legible(segments, (segment) => [base32Bytes(segment)]);
}

function base32Bytes(segment: string): Buffer {
  const bytes = Buffer.alloc(Math.floor((segment.length * 5) / 8));
  let bits = 0;
  let count = 0;
  let length = 0;
  for (let index = 0; index < segment.length; index += 1) {
    const code = segment.charCodeAt(index);
    // Digits 2 to 7 are 26 to 31; the low five bits of a letter, of either case, count from 1.
    bits = ((bits << 5) | (code < 64 ? code - 24 : (code & 31) - 1)) & 0xfff;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes[length] = (bits >> count) & 0xff;
    length += 1;
  }
  return bytes;
}

/** A secret scattered over the values of a query or of JSON: the values, end to end. */
function joined(text: string): string | undefined {
  if (text.length > 256 * 1024) return undefined;
  if (text.includes('":')) {
    const found = text.match(/"\s*:\s*"[^"\\\s]{1,256}"/g) ?? [];
    return found.map((pair) => pair.slice(pair.lastIndexOf('"', pair.length - 2) + 1, -1)).join('');
  }
  if (!text.includes('=') || !text.includes('&')) return undefined;
  return (text.match(/=[^&\s=]{1,256}/g) ?? []).map((value) => value.slice(1)).join('');
}

/** The readable runs of what the segments decode to, a line each; unpacked first where they are compressed. */
function legible(segments: readonly string[], decode: (segment: string) => Buffer[]): string | undefined {
  const runs: string[] = [];
  for (const segment of segments) {
    for (const bytes of decode(segment)) {
      runs.push(...runsOf(unpacked(bytes).toString('latin1'), PRINTABLE, LEAST_RUN));
    }
  }
  return runs.length === 0 ? undefined : runs.join('\n');
}

function unpacked(bytes: Buffer): Buffer {
  const options = { maxOutputLength: MAX_INFLATED };
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, options);
    if (bytes[0] === 0x78 && bytes.readUInt16BE(0) % 31 === 0) return inflateSync(bytes, options);
  } catch {
    return bytes;
  }
  return bytes;
}
