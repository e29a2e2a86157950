/** Characters that a terminal would act on, or that reorder what is read. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Text of a file as it is safe to print on one line of a terminal; keeps the length. */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(UNSAFE, '·');
}
