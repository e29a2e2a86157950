/** Letters of other scripts by the ASCII letter that they look like (after Unicode's confusables list). */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аɑα',
  b: 'Ьƅ',
  c: 'сϲ',
  d: 'ԁ',
  e: 'еҽ',
  g: 'ɡ',
  h: 'һ',
  i: 'іıɩι',
  j: 'јϳ',
  k: 'κк',
  l: 'ӏǀ',
  m: 'м',
  n: 'ո',
  o: 'оοօ',
  p: 'рρ',
  q: 'ԛ',
  r: 'г',
  s: 'ѕ',
  t: 'т',
  u: 'υս',
  v: 'ѵν',
  w: 'ԝѡ',
  x: 'хχ',
  y: 'уγ',
  z: 'ᴢ',
  A: 'АΑ',
  B: 'ВΒ',
  C: 'СϹ',
  D: 'Ꭰ',
  E: 'ЕΕ',
  F: 'Ϝ',
  G: 'Ԍ',
  H: 'НΗ',
  I: 'ІΙӀ',
  J: 'Ј',
  K: 'КΚ',
  L: 'Ꮮ',
  M: 'МΜ',
  N: 'Ν',
  O: 'ОΟ',
  P: 'РΡ',
  S: 'Ѕ',
  T: 'ТΤ',
  V: 'Ѵ',
  W: 'Ԝ',
  X: 'ХΧ',
  Y: 'ҮΥ',
  Z: 'Ζ',
  '-': '‐‑‒–—−',
  _: '＿',
};

const ASCII_OF = new Map(
  Object.entries(LOOKALIKES).flatMap(([ascii, others]) =>
    [...others].map((other) => [other, ascii] as const),
  ),
);

/** Matches only these, since most non-ASCII characters stay as they are. */
const LOOKS_LIKE_ASCII = new RegExp(`[${[...ASCII_OF.keys()].join('')}]`, 'gu');

/** Arabic ligatures that expand to whole phrases: useless for hiding ASCII, but they would inflate a text. */
const PHRASES = /[\ufdfa\ufdfb]/g;

/**
 * Returns what a reader would see: no invisible characters or accents, look-alikes and full-width characters
 * as ASCII.
 */
export function foldUnicode(text: string): string {
  return text
    .replace(PHRASES, '')
    .normalize('NFKD')
    .replace(/(?![\t-\r])[\p{Cc}\p{Cf}\p{Mn}\p{Me}\u115f\u1160\u3164\uffa0]/gu, '')
    .replace(LOOKS_LIKE_ASCII, (character) => ASCII_OF.get(character) ?? character);
}
