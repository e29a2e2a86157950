import { z } from 'zod';
import { fail } from './rule.ts';

/** Names that a POSIX shell and every runtime accept. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const HOST_VARIABLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** How the guest gets one variable: its text stands in the manifest, or in a variable of the host. */
export type EnvValue =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'host'; readonly variable: string };

export const variableName = z.string().superRefine((text, context) => {
  if (VARIABLE.test(text)) return;
  fail(
    context,
    'is not the name of a variable',
    'Use letters, digits and underscores; the first is not a digit.',
  );
});

/** `${NAME}` as the whole value reads the host's variable; anything else that does not start with `?` is literal. */
export const envValue = z.string().transform((text, context): EnvValue => {
  if (text.startsWith('?')) {
    fail(
      context,
      'not supported yet: a value asked for at launch (`?`)',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text shows the manifest's own spelling
      'Export it on the host and write `${NAME_OF_THE_VARIABLE}` here.',
    );
    return z.NEVER;
  }
  if (text.includes('\0')) {
    fail(context, 'holds a NUL character, which no environment can', 'Remove the NUL character.');
    return z.NEVER;
  }
  const variable = HOST_VARIABLE.exec(text)?.[1];
  return variable === undefined ? { kind: 'literal', value: text } : { kind: 'host', variable };
});
