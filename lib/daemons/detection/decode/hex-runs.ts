import { alphabet, DIGITS, runsOf } from '../text/runs.ts';
import type { TextBytes } from '../text/text-bytes.ts';
import { textsIn } from './decoded-texts.ts';
import type { Inflater } from './inflater.ts';

/** Hex pairs with the usual separators, including line breaks and indentation. */
const HEX = alphabet(`${DIGITS}abcdefABCDEFxX\\-:;,. \t\r\n`);
const PAIRS = /(?:(?:0x|\\x)?[0-9A-F]{2}(?:[-:;,.]?\s{0,16})){8,}[0-9A-F]?/gi;

/**
 * Eight readable characters in UTF-8 or UTF-16, or the start of compressed data. Most identifiers have
 * neither.
 */
const WORTH_DECODING =
  /(?:[2-7][0-9A-F]|0[09AD]|[CD][0-9A-F][89AB][0-9A-F]|E[0-9A-F](?:[89AB][0-9A-F]){2}|F[0-4](?:[89AB][0-9A-F]){3}){8}|1F8B08|78(?:01|5E|9C|DA)/i;

/** Returns the readable text in decoded runs of hex pairs, also with the pairs shifted by one digit. */
export function hexDecoded(text: TextBytes, inflater: Inflater): readonly string[] {
  const runs = runsOf(text, HEX, 16);
  if (runs.length === 0) return runs;
  const found: string[] = [];
  for (const run of runs) {
    for (const segment of run.match(PAIRS) ?? []) {
      const digits = segment.replace(/0x|\\x|[^0-9A-F]+/gi, '');
      if (!WORTH_DECODING.test(digits)) continue;
      for (const pairs of [digits, digits.slice(1)]) {
        const bytes = Buffer.from(pairs, 'hex');
        found.push(...textsIn(bytes), ...inflater.texts(bytes));
      }
    }
  }
  return found;
}
