/** Characters that a terminal interprets, or that reorder text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Makes text safe to print on one line of a terminal; keeps its length. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(UNSAFE, '·');
}
