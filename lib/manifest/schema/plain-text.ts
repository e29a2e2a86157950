import { z } from 'zod';
import { fail } from './rule.ts';

const CONTROL = /\p{Cc}/u;

/** A text of one line that says something: it ends up in files and arguments that a line end would break. */
export const plainText = z.string().superRefine((text, context) => {
  if (text === '') fail(context, 'is empty', 'Write a text, or remove the key.');
  else if (CONTROL.test(text)) {
    fail(context, 'holds a control character', 'Remove line ends and other control characters.');
  }
});
