import { z } from 'zod';
import type { GitUser } from '../types.ts';
import { fail } from './rule.ts';

/** Written to a git configuration file, where a line break would start another setting. */
const field = z.string().superRefine((text, context) => {
  if (/\p{Cc}/u.test(text)) {
    fail(context, 'contains a control character', 'Remove line breaks and other control characters.');
  }
});

/** `git-gate.user`. An empty field counts as absent; at least one of the two must be set. */
export const gitUser = z
  .strictObject({
    name: field.nullish().meta({ description: 'git’s user.name.' }),
    email: field.nullish().meta({ description: 'git’s user.email.' }),
  })
  .superRefine(({ name, email }, context) => {
    if (!name && !email) fail(context, 'has neither name nor email', 'Write `{name: …, email: …}`.');
  })
  .transform(({ name, email }): GitUser => ({ ...(name ? { name } : {}), ...(email ? { email } : {}) }));
