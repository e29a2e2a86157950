import { z } from 'zod';
import { ownedVariable } from '../owned-variables.ts';
import { fail } from './rule.ts';

/** Names that POSIX shells and all runtimes accept. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The name of an environment variable. */
export const variableName = z.string().superRefine(refuseOtherNames).meta({ pattern: VARIABLE.source });

/** The name of a variable that the agent is given; not one of those that the kit owns. */
export const guestVariableName = z
  .string()
  .superRefine((name, context) => {
    refuseOtherNames(name, context);
    const owned = ownedVariable(name);
    if (owned !== undefined) fail(context, owned.reason, owned.remedy);
  })
  .meta({ pattern: VARIABLE.source });

/** The name of an environment variable, or empty for none. */
export const variableNameOrNone = z.string().superRefine((text, context) => {
  if (text !== '') refuseOtherNames(text, context);
});

function refuseOtherNames(text: string, context: z.core.$RefinementCtx): void {
  if (VARIABLE.test(text)) return;
  fail(
    context,
    'is not a valid variable name',
    'Use letters, digits and underscores, and do not start with a digit.',
  );
}
