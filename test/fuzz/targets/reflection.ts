import { text } from 'node:stream/consumers';
import { ReflectionScrubber } from '../../../lib/daemons/egress/inbound/reflection.ts';
import { claim } from '../claim.ts';
import type { Random } from '../random.ts';

const TOKEN_PARTS = [
  'a',
  'Zq7',
  'x9',
  '4',
  '/',
  '+',
  '=',
  '-',
  '_',
  '.',
  '%',
  '&',
  '\\',
  '"',
  '<',
  '%25',
  '\\u',
] as const;
const AROUND = [
  '{"seen": "',
  '", ',
  '%',
  '%2',
  '\\',
  '\\u00',
  '&',
  '&#',
  '&amp;',
  'a',
  'Zq7',
  '/',
  ' ',
  '\n',
] as const;

/** The ways in which programs escape a special character. */
const WAYS: readonly [(sign: string) => string, ...((sign: string) => string)[]] = [
  (sign) => sign,
  (sign) => `%${hexOf(sign)}`,
  (sign) => `%${hexOf(sign).toUpperCase()}`,
  (sign) => `%25${hexOf(sign)}`,
  (sign) => `\\${sign}`,
  (sign) => `\\u00${hexOf(sign)}`,
  (sign) => `\\x${hexOf(sign)}`,
  (sign) => `&#${sign.charCodeAt(0)};`,
  (sign) => `&#x${hexOf(sign)};`,
];

const hexOf = (sign: string) => sign.charCodeAt(0).toString(16).padStart(2, '0');

/** No part of a token passes, however it is escaped and wherever it is split; the length stays the same. */
export async function reflection(random: Random): Promise<void> {
  const token = `${random.text(TOKEN_PARTS, 8)}b7${random.text(TOKEN_PARTS, 8)}`;
  if (token.length < 4) return;
  let whole = random.text(AROUND, 4);
  const places: [from: number, to: number][] = [];
  for (let count = random.below(4); count > 0; count -= 1) {
    // Characters that start escapes are escaped the same way throughout, or not at all.
    const way = random.pick(WAYS);
    const others = () => (random.below(2) === 0 ? way : random.pick(WAYS));
    const written = token.replace(/[^A-Za-z0-9]/g, (sign) => (/[%&\\]/.test(sign) ? way : others())(sign));
    places.push([whole.length, whole.length + written.length]);
    whole += `${written} ${random.text(AROUND, 4)}`;
  }
  const stream = new ReflectionScrubber([token]).stream();
  const all = text(stream);
  for (let at = 0; at < whole.length; ) {
    const end = at + 1 + random.below(12);
    stream.write(whole.slice(at, end));
    at = end;
  }
  stream.end();
  const passed = await all;
  const told = JSON.stringify({ token, whole, passed });
  claim(passed.length === whole.length, `another length: ${told}`);
  // If a token ends with an escape character and so does a chunk, that character passes for unescaped: the
  // rest of its escape may be left.
  const isLeft = places.some(([from, to]) => !/^\*+[^*]{0,5}$/.test(passed.slice(from, to)));
  claim(!isLeft, `left: ${told}`);
  const isKept = [...passed].every((character, at) => character === '*' || character === whole[at]);
  claim(isKept, `changed: ${told}`);
}
