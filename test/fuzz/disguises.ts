import { deflateSync, gzipSync } from 'node:zlib';
import { base32 } from '../support/base32.ts';
import type { Random } from './random.ts';

export const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const DIGITS = '0123456789';

/** Picks `length` characters from `from`. */
export function characters(random: Random, from: string, length: number): string {
  return Array.from({ length }, () => from[random.below(from.length)]).join('');
}

type Disguise = (text: string, random: Random) => string;

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const hex = (text: string | Buffer) => Buffer.from(text).toString('hex');
const unit = (code: number) => code.toString(16).padStart(4, '0');
const wrapped = (text: string, width: number, between: string) =>
  text.replace(new RegExp(`.{${width}}(?=.)`, 'g'), `$&${between}`);

/**
 * Adds text around the input, so that it is encoded at every offset. No letters before it: zlib data glued to
 * letters is not looked for.
 */
const around: Disguise = (text, random) => {
  const before = random.pick(['', '', '.', '..', '{"a":"', 'key=', 'lorem ipsum ', '>>>???']);
  return `${before}${text}${random.pick(['', '', '"}', ' dolor', 'z', '~~'])}`;
};

/** The usual ways of common tools to write bytes as text. */
const ENCODERS: readonly [Disguise, ...Disguise[]] = [
  (text, random) => base64(around(text, random)),
  (text, random) => base64(around(text, random)).replace(/=+$/, ''),
  (text, random) => Buffer.from(around(text, random)).toString('base64url'),
  (text, random) =>
    wrapped(base64(around(text, random)), random.pick([40, 64, 76]), random.pick(['\n', '\r\n', '\n    '])),
  (text) => base64(Buffer.from(text, 'utf16le')),
  (text, random) => hex(around(text, random)),
  (text) => hex(text).toUpperCase(),
  (text, random) => hex(text).replace(/[a-f]/g, (digit) => random.pick([digit, digit.toUpperCase()])),
  (text, random) => hex(text).replace(/..(?=.)/g, `$&${random.pick(['-', ':', ' ', ',', ';', '.', ', '])}`),
  (text) => hex(text).replace(/../g, '0x$&, '),
  (text) => hex(text).replace(/../g, '\\x$&'),
  (text) => wrapped(hex(text), 60, '\n'),
  (text) => hex(text).replace(/../g, '%$&'),
  (text) => encodeURIComponent(text),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.replace(/[\s\S]/g, (one) => `\\u${unit(one.charCodeAt(0))}`),
  (text) => text.replace(/[\s\S]/gu, (one) => `&#${one.codePointAt(0)};`),
  (text) => text.replace(/[\s\S]/gu, (one) => `&#x${one.codePointAt(0)?.toString(16)};`),
  (text, random) => base64(gzipSync(around(text, random))),
  (text) => base64(deflateSync(text)),
  (text) => hex(gzipSync(text)),
  (text, random) => base32(around(text, random)),
  (text, random) => wrapped(base32(around(text, random)), 76, '\n').toLowerCase(),
];

/** Applied first only: UTF-16 and form encoding would turn non-ASCII letters into yet another alphabet. */
const ALPHABETS: readonly [Disguise, ...Disguise[]] = [
  (text) => text,
  (text) => text,
  (text, random) => [...text].join(random.pick(['\u200b', '\u00ad', '\u2060', '\u0301'])),
  (text) => text.replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)),
];

/** Encodes the text up to `layers` times, sometimes with its letters replaced by look-alikes first. */
export function disguised(random: Random, text: string, layers: number): string {
  const letters = random.pick(ALPHABETS)(text, random);
  let hidden = letters;
  const isAscii = letters === text;
  for (let layer = random.below(layers + 1); layer > 0; layer -= 1) {
    const encoder = random.pick(ENCODERS);
    // Detection does not follow UTF-16 of non-ASCII text.
    hidden = isAscii || encoder !== ENCODERS[4] ? encoder(hidden, random) : hidden;
  }
  return hidden;
}
