import { BottleError } from '../errors.ts';
import { LABEL_COLORS } from './metadata.ts';

/** Bytes of UTF-8. */
const MAX_LABEL_BYTES = 64;

/** Returns the label trimmed; empty for none. @throws BottleError `usage` */
export function checkLabel(text = ''): string {
  const label = text.trim();
  if (Buffer.byteLength(label) > MAX_LABEL_BYTES) {
    throw new BottleError('usage', `the label is longer than ${MAX_LABEL_BYTES} bytes`, {
      hint: 'Shorten LABEL.',
    });
  }
  // Labels appear in terminal titles and tables, where the terminal would interpret control characters.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(label)) {
    throw new BottleError('usage', 'the label contains a character that cannot be displayed', {
      hint: 'Use letters, digits, punctuation and spaces in LABEL.',
    });
  }
  return label;
}

/** Returns the color name; empty for none. @throws BottleError `usage`, listing the colors. */
export function checkColor(text = ''): string {
  if (text === '' || LABEL_COLORS.some((color) => color === text)) return text;
  throw new BottleError('usage', `'${text}' is not a color`, {
    hint: `Colors: ${LABEL_COLORS.join(', ')}.`,
  });
}
