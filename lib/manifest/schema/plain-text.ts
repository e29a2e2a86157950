import { z } from 'zod';
import { fail } from './rule.ts';

const CONTROL = /\p{Cc}/u;

/** A non-empty single line. It ends up in files and arguments that a line break would corrupt. */
export const plainText = z.string().superRefine((text, context) => {
  if (text === '') fail(context, 'is empty', 'Write a value, or remove the key.');
  else if (CONTROL.test(text)) {
    fail(context, 'contains a control character', 'Remove line breaks and other control characters.');
  }
});
