import { cutOut, knownSecretFinder, type ScanOptions, scanPlainText } from '../daemons/detection/index.ts';

/** Any JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface SecretMask {
  /** Puts `REDACTED-<kind>` in the place of each secret; a text with too many of them is left out. */
  text(text: string): string;
  /** Does so with every string, keys too. */
  json(value: Json): Json;
}

/** Shorter values could be anything. */
const SHORTEST_VALUE = 8;
/** Characters of one text that are shown. What is cut off at its end may be half a secret, so that some more is. */
const LONGEST = 1024 * 1024;
const BORDER = 16 * 1024;

/** Returns what masks secrets of known kinds, and the values given, in the clear or in a common encoding of them. */
export function secretMask(values: readonly string[]): SecretMask {
  const options: ScanOptions = {
    detectors: new Set(['token_patterns', 'known_secrets'] as const),
    findKnown: knownSecretFinder(values.filter(({ length }) => length >= SHORTEST_VALUE)),
  };
  const text = (whole: string): string => {
    const clean = cutOut(whole.slice(0, LONGEST), options);
    if (scanPlainText(clean, options).length > 0) return '[withheld: too many secrets]';
    return whole.length <= LONGEST ? clean : `${clean.slice(0, -BORDER)}…`;
  };
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(json);
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [text(key), json(entry)]));
  };
  return { text, json };
}
