import { z } from 'zod';
import { fail } from './rule.ts';

/** Names that a POSIX shell and every runtime accept. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The name of an environment variable. */
export const variableName = z.string().superRefine(refuseOtherNames).meta({ pattern: VARIABLE.source });

/** The same, or empty for none. */
export const variableNameOrNone = z.string().superRefine((text, context) => {
  if (text !== '') refuseOtherNames(text, context);
});

function refuseOtherNames(text: string, context: z.core.$RefinementCtx): void {
  if (VARIABLE.test(text)) return;
  fail(
    context,
    'is not the name of a variable',
    'Use letters, digits and underscores; the first is not a digit.',
  );
}
