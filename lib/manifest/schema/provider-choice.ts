import { z } from 'zod';
import type { ProviderChoice } from '../types.ts';
import { fail } from './rule.ts';
import { variableNameOrNone } from './variable-name.ts';

/** The provider of a bottle that names none. */
const DEFAULT_TEMPLATE = 'claude';
/** Of a built-in, or of the operator's own: a directory in `contrib`, so no path passes. */
const TEMPLATE = /^[A-Za-z][A-Za-z0-9_-]*$/;

const template = z
  .string()
  .superRefine((text, context) => {
    if (TEMPLATE.test(text)) return;
    fail(
      context,
      'is not the name of a provider: a letter, then letters, digits, `_` and `-`',
      'Write `claude`, `codex`, `command`, or the name of a directory in `contrib`.',
    );
  })
  .meta({ pattern: TEMPLATE.source });

const withoutNul = z.string().superRefine((text, context) => {
  if (text.includes('\0')) fail(context, 'holds a NUL character', 'Remove the NUL character.');
});

/** A list, not a line: no shell ever splits it. */
const command = z.array(withoutNul).superRefine((words, context) => {
  if (words[0] === undefined || words[0] === '') {
    fail(context, 'names no program', 'List the program, then its arguments: `[node, main.mjs]`.');
  }
});

const fields = z.strictObject({
  template: template.optional().meta({
    description: '`claude`, `codex`, `command`, or one of your own in `contrib`.',
    default: DEFAULT_TEMPLATE,
  }),
  command: command
    .optional()
    .meta({ description: 'With `command`: the program and its arguments, as a list.' }),
  dockerfile: withoutNul.optional().meta({ description: 'The Dockerfile of the agent’s image.' }),
  auth_token: variableNameOrNone
    .optional()
    .meta({ description: 'With `claude`: the host variable that holds the OAuth token.' }),
  forward_host_credentials: z
    .boolean()
    .optional()
    .meta({ description: 'With `codex`: use the sign-in of the host.', default: false }),
});
type Fields = z.output<typeof fields>;

/** Which template each key is for. A key that only spells out its default is for all. */
const OWNERS: readonly { key: keyof Fields; template: string; isSet(fields: Fields): boolean }[] = [
  { key: 'command', template: 'command', isSet: (fields) => fields.command !== undefined },
  { key: 'auth_token', template: 'claude', isSet: (fields) => Boolean(fields.auth_token) },
  {
    key: 'forward_host_credentials',
    template: 'codex',
    isSet: (fields) => fields.forward_host_credentials === true,
  },
];

/** `agent_provider`. An empty `dockerfile` means none: a path made from it would be the working directory. */
export const providerChoice = fields
  .superRefine((choice, context) => {
    const chosen = choice.template ?? DEFAULT_TEMPLATE;
    if (chosen === 'command' && choice.command === undefined) {
      fail(context, 'template `command` needs a `command`', 'Add `command: [PROGRAM, ARGUMENT, …]`.');
    }
    for (const { key, template: owner, isSet } of OWNERS) {
      if (owner === chosen || !isSet(choice)) continue;
      fail(
        context,
        `is only for template \`${owner}\`, and this one is \`${chosen}\``,
        `Write \`template: ${owner}\`, or remove \`${key}\`.`,
        [key],
      );
    }
  })
  .transform(
    (choice): ProviderChoice => ({
      template: choice.template ?? DEFAULT_TEMPLATE,
      ...(choice.command === undefined ? {} : { command: choice.command }),
      ...(choice.dockerfile ? { dockerfile: choice.dockerfile } : {}),
      ...(choice.auth_token ? { authToken: choice.auth_token } : {}),
      forwardHostCredentials: choice.forward_host_credentials ?? false,
    }),
  );

export const defaultProvider: ProviderChoice = { template: DEFAULT_TEMPLATE, forwardHostCredentials: false };
