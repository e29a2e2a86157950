import { type TextBytes, TRAIT } from '../text/text-bytes.ts';

/** Soft line breaks and encoded bytes (RFC 2045, 6.7). */
const BREAK = /=[ \t]{0,8}\r?\n/g;
const BYTES = /(?:=[0-9A-Fa-f]{2})+/g;

/** Characters around a word that are decoded with it, since some secrets span several words. */
const AROUND = 32;

/**
 * Returns the decoded quoted-printable words with some surrounding text. Decoding all of the text would read
 * many bodies twice, since queries and code often look like quoted-printable. Within a quoted-printable word,
 * every equals sign belongs to an escape.
 */
export function quotedWords({ text, traits }: TextBytes): string | undefined {
  if ((traits & TRAIT.equals) === 0) return undefined;
  const places: [start: number, end: number][] = [];
  // The end of the last word, or of the last sign that rules out the word it is in.
  let least = 0;
  let from = 0;
  for (let index = text.indexOf('='); index >= 0; index = text.indexOf('=', from)) {
    from = index + 1;
    if (escapeLength(text, index) === 0) {
      if (!isMark(text, index)) least = from;
      continue;
    }
    const start = startOfWord(text, index, least);
    least = from;
    if (start > 0 && !isBlank(text, start - 1)) continue;
    const end = endOfWord(text, index);
    const isSpoilt = end < text.length && !isBlank(text, end);
    least = from = isSpoilt ? end + 1 : end;
    if (!isSpoilt) addPlace(places, start - AROUND, end + AROUND);
  }
  if (places.length === 0) return undefined;
  return places.map((place) => quotedPrintableDecoded(text.slice(...place))).join('\n');
}

export function quotedPrintableDecoded(text: string): string {
  return text
    .replace(BREAK, '')
    .replace(BYTES, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString('utf8'));
}

function addPlace(places: [start: number, end: number][], start: number, end: number): void {
  const last = places.at(-1);
  if (last !== undefined && last[1] >= start) last[1] = end;
  else places.push([Math.max(0, start), end]);
}

function startOfWord(text: string, index: number, least: number): number {
  let start = index;
  while (start > least && !isBlank(text, start - 1)) start -= 1;
  return start;
}

/**
 * Returns the end of the word, or the index of a sign that is not an escape. A soft line break continues a
 * word.
 */
function endOfWord(text: string, index: number): number {
  let end = index;
  while (end < text.length && !isBlank(text, end)) {
    const length = text.charCodeAt(end) === EQUALS ? escapeLength(text, end) : 1;
    if (length === 0 && !isMark(text, end)) return end;
    end += Math.max(1, length);
  }
  return end;
}

/** Length of the escape that starts at the equals sign; 0 if it is not an escape. */
function escapeLength(text: string, index: number): number {
  if (!isBlank(text, index + 1)) return isHex(text, index + 1) && isHex(text, index + 2) ? 3 : 0;
  // After a question mark, it ends an encoded word in a header.
  if (text.charCodeAt(index - 1) === QUESTION_MARK) return 0;
  let end = index + 1;
  for (let code = text.charCodeAt(end); code === SPACE || code === TAB; code = text.charCodeAt(end)) end += 1;
  if (text.charCodeAt(end) === CARRIAGE_RETURN) end += 1;
  return end - index < 10 && text.charCodeAt(end) === LINE_FEED ? end + 1 - index : 0;
}

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE, EQUALS, QUESTION_MARK] = [0x09, 0x0a, 0x0d, 0x20, 0x3d, 0x3f];

/** Whether the sign delimits an encoded word in a header (RFC 2047, 2). */
const isMark = (text: string, index: number) =>
  text.charCodeAt(index + 1) === QUESTION_MARK || text.charCodeAt(index - 1) === QUESTION_MARK;

const isBlank = (text: string, index: number) => text.charCodeAt(index) <= 0x20;

function isHex(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}
