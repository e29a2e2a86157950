import { PhraseSearch } from '../search/phrase-search.ts';
import { Scratch } from '../text/scratch.ts';
import { TextBytes, TRAIT } from '../text/text-bytes.ts';
import { foldUnicode } from '../text/unicode.ts';
import { SIGNS, type Sign } from './injection-signs.ts';

export type InjectionLevel = 'none' | 'medium' | 'high';

/** Texts with at least this sum are refused: one overriding instruction plus one more sign of an attack. */
const HIGH = 3;
const MEDIUM = 1;

/** Quoted phrases are mentioned, not addressed to the agent. */
const QUOTED = /(?<!\w)(['"‘“`])[^'"‘’“”`\n]{4,160}['"’”`](?!\w)/g;

const STARTS = [...new Set(SIGNS.flatMap(({ starts }) => starts))];
const SEARCH = new PhraseSearch(STARTS);
/** The signs for each entry of `STARTS`. */
const SIGNS_OF = STARTS.map((start) => SIGNS.filter(({ starts }) => starts.includes(start)));

/** Reused for every text. */
const current = new TextBytes();
const aligned = new Scratch();

/**
 * Rates how much a text looks like an attack on the agent that reads it. In JSON, quotes are syntax, so
 * quoted text counts in full.
 */
export function injectionLevel(text: string): InjectionLevel {
  const plain = plainOf(text);
  const sum = weigh(plain);
  // Removing quoted text cannot create a new place where a sign starts, since no letters are next to it.
  if (sum === undefined) return 'none';
  const said = isJson(plain) ? plain : plain.replace(QUOTED, ' ');
  const sumSaid = said === plain ? sum : (weigh(said) ?? 0);
  if (sumSaid >= HIGH) return 'high';
  return sumSaid >= MEDIUM || sum >= MEDIUM ? 'medium' : 'none';
}

const isJson = (text: string) => /^\s{0,64}[[{]/.test(text);

/** Removes look-alikes, invisible characters and escapes. */
function plainOf(text: string): string {
  current.read(text);
  const readable = (current.traits & TRAIT.other) === 0 ? text : foldUnicode(text);
  if (!readable.includes('\\')) return readable;
  return readable.replace(/\\[nrt]/g, '\n').replace(/\\(["'/\\])/g, '$1');
}

/** Sums the weights of all signs in the text; `undefined` if none could even start. */
function weigh(text: string): number | undefined {
  const tried = new Set<Sign>();
  const found = new Set<Sign>();
  SEARCH.find(alignedBytes(text), text.length, (phrase, start) => {
    for (const sign of SIGNS_OF[phrase] ?? []) {
      if (found.has(sign)) continue;
      tried.add(sign);
      sign.expression.lastIndex = start;
      if (sign.expression.test(text)) found.add(sign);
    }
  });
  if (tried.size === 0) return undefined;
  let sum = 0;
  for (const { weight } of found) sum += weight;
  return sum;
}

/** One byte per character. A non-ASCII character may pass for ASCII here, but ASCII is always itself. */
function alignedBytes(text: string): Buffer {
  if (current.text !== text) current.read(text);
  if (current.length === text.length) return current.bytes;
  const bytes = aligned.atLeast(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}
