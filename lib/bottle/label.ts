import { BottleError } from '../errors.ts';
import { LABEL_COLORS } from './metadata.ts';

/** Bytes of UTF-8. */
const MAX_LABEL_BYTES = 64;

/** A label as given, trimmed; empty for none. @throws BottleError `usage` */
export function checkLabel(text = ''): string {
  const label = text.trim();
  if (Buffer.byteLength(label) > MAX_LABEL_BYTES) {
    throw new BottleError('usage', `the label is longer than ${MAX_LABEL_BYTES} bytes`, {
      hint: 'Shorten LABEL.',
    });
  }
  // It is shown in titles and tables, where a control character would act.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(label)) {
    throw new BottleError('usage', 'the label holds a character that cannot be shown', {
      hint: 'Use letters, digits, punctuation and blanks in LABEL.',
    });
  }
  return label;
}

/** A colour's name as given; empty for none. @throws BottleError `usage` that lists the colours. */
export function checkColor(text = ''): string {
  if (text === '' || LABEL_COLORS.some((color) => color === text)) return text;
  throw new BottleError('usage', `'${text}' is not a colour`, {
    hint: `Colours: ${LABEL_COLORS.join(', ')}.`,
  });
}
