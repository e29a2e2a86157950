import { z } from 'zod';
import type { ProviderChoice } from '../types.ts';
import { fail } from './rule.ts';
import { variableNameOrNone } from './variable-name.ts';

/** The provider of a bottle that does not name one. */
const DEFAULT_TEMPLATE = 'claude';
/** Name of a built-in provider or of a directory in `contrib`; never a path. */
const TEMPLATE = /^[A-Za-z][A-Za-z0-9_-]*$/;

const template = z
  .string()
  .superRefine((text, context) => {
    if (TEMPLATE.test(text)) return;
    fail(
      context,
      'is not a valid provider name: a letter, followed by letters, digits, `_` and `-`',
      'Write `claude`, `codex`, `command`, or the name of a directory in `contrib`.',
    );
  })
  .meta({ pattern: TEMPLATE.source });

const withoutNul = z.string().superRefine((text, context) => {
  if (text.includes('\0')) fail(context, 'contains a NUL character', 'Remove the NUL character.');
});

/** A list rather than a line, so no shell ever splits it. */
const command = z.array(withoutNul).superRefine((words, context) => {
  if (words[0] === undefined || words[0] === '') {
    fail(context, 'does not name a program', 'List the program, then its arguments: `[node, main.mjs]`.');
  }
});

const fields = z.strictObject({
  template: template.optional().meta({
    description: '`claude`, `codex`, `command`, or your own provider in `contrib`.',
    default: DEFAULT_TEMPLATE,
  }),
  command: command.optional().meta({
    description: 'With `command`: the program and its arguments, as a list; the image’s own when absent.',
  }),
  dockerfile: withoutNul.optional().meta({ description: 'The Dockerfile of the agent’s image.' }),
  auth_token: variableNameOrNone
    .optional()
    .meta({ description: 'With `claude`: the host variable that holds the OAuth token.' }),
  forward_host_credentials: z
    .boolean()
    .optional()
    .meta({ description: 'With `codex`: use the host’s sign-in.', default: false }),
});
type Fields = z.output<typeof fields>;

/** The template that each key belongs to. A key set to its default is allowed for all. */
const OWNERS: readonly { key: keyof Fields; template: string; isSet(fields: Fields): boolean }[] = [
  { key: 'command', template: 'command', isSet: (fields) => fields.command !== undefined },
  { key: 'auth_token', template: 'claude', isSet: (fields) => Boolean(fields.auth_token) },
  {
    key: 'forward_host_credentials',
    template: 'codex',
    isSet: (fields) => fields.forward_host_credentials === true,
  },
];

/** `agent_provider`. An empty `dockerfile` counts as absent: it would resolve to the working directory. */
export const providerChoice = fields
  .superRefine((choice, context) => {
    const chosen = choice.template ?? DEFAULT_TEMPLATE;
    for (const { key, template: owner, isSet } of OWNERS) {
      if (owner === chosen || !isSet(choice)) continue;
      fail(
        context,
        `is only for template \`${owner}\`, but this one is \`${chosen}\``,
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
