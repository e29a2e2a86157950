import { PhraseSearch } from '../search/phrase-search.ts';
import { Scratch } from '../text/scratch.ts';
import { TextBytes, TRAIT } from '../text/text-bytes.ts';
import { foldUnicode } from '../text/unicode.ts';
import { SIGNS, type Sign } from './injection-signs.ts';

export type InjectionLevel = 'none' | 'medium' | 'high';

/** A text is refused from this sum on: one instruction that overrides, and one more sign of an attack. */
const HIGH = 3;
const MEDIUM = 1;

/** Phrases in quotation marks are talked about, not said. */
const QUOTED = /(?<!\w)(['"‘“`])[^'"‘’“”`\n]{4,160}['"’”`](?!\w)/g;

const STARTS = [...new Set(SIGNS.flatMap(({ starts }) => starts))];
const SEARCH = new PhraseSearch(STARTS);
/** By the places of their starts in that list. */
const SIGNS_OF = STARTS.map((start) => SIGNS.filter(({ starts }) => starts.includes(start)));

/** What is looked at; serves text after text. */
const current = new TextBytes();
const aligned = new Scratch();

/** How much a text looks like an attack on the agent that will read it. In JSON quotes are syntax, and set nothing apart. */
export function injectionLevel(text: string): InjectionLevel {
  const plain = plainOf(text);
  const sum = weigh(plain);
  // What is quoted stands between no letters: leaving it out makes no new place where a sign could start.
  if (sum === undefined) return 'none';
  const said = isJson(plain) ? plain : plain.replace(QUOTED, ' ');
  const sumSaid = said === plain ? sum : (weigh(said) ?? 0);
  if (sumSaid >= HIGH) return 'high';
  return sumSaid >= MEDIUM || sum >= MEDIUM ? 'medium' : 'none';
}

const isJson = (text: string) => /^\s{0,64}[[{]/.test(text);

/** Without look-alikes, invisible characters and escapes. */
function plainOf(text: string): string {
  current.read(text);
  const readable = (current.traits & TRAIT.other) === 0 ? text : foldUnicode(text);
  if (!readable.includes('\\')) return readable;
  return readable.replace(/\\[nrt]/g, '\n').replace(/\\(["'/\\])/g, '$1');
}

/** The weights of all signs in the text; `undefined` when none could even start anywhere. */
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

/** A byte for each character: what is not ASCII there may look as if it were, what is does. */
function alignedBytes(text: string): Buffer {
  if (current.text !== text) current.read(text);
  if (current.length === text.length) return current.bytes;
  const bytes = aligned.atLeast(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}
