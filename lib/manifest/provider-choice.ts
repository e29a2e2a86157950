import { z } from 'zod';
import { isManifestName, NAME_RULE } from './name.ts';
import { fail } from './rule.ts';
import type { ProviderChoice } from './types.ts';

/** The provider of a bottle that names none. */
const DEFAULT_TEMPLATE = 'claude';

/** The provider that runs any program as the agent: the manifest says which. */
const COMMAND_TEMPLATE = 'command';

const template = z.string().superRefine((text, context) => {
  if (!isManifestName(text)) fail(context, `is not the name of a provider: ${NAME_RULE}`, 'Write `command`.');
});

const withoutNul = z.string().superRefine((text, context) => {
  if (text.includes('\0')) fail(context, 'holds a NUL character', 'Remove the NUL character.');
});

/** A list, not a line: no shell ever splits it. */
const command = z.array(withoutNul).superRefine((words, context) => {
  if (words[0] === undefined || words[0] === '') {
    fail(context, 'names no program', 'List the program, then its arguments: `[node, main.mjs]`.');
  }
});

const providerKeys = z
  .strictObject({
    template: template.optional(),
    command: command.optional(),
    dockerfile: withoutNul.optional(),
  })
  .superRefine((choice, context) => {
    const isCommand = choice.template === COMMAND_TEMPLATE;
    if (isCommand && choice.command === undefined) {
      fail(context, 'template `command` needs a `command`', 'Add `command: [PROGRAM, ARGUMENT, …]`.');
    }
    if (!isCommand && choice.command !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['command'],
        message: 'is only for template `command`',
        params: { remedy: 'Write `template: command`, or remove `command`.' },
      });
    }
  });

/** `agent_provider`. An empty `dockerfile` means none: a path made from it would be the working directory. */
export const providerChoice = providerKeys.transform(
  (choice): ProviderChoice => ({
    template: choice.template ?? DEFAULT_TEMPLATE,
    ...(choice.command === undefined ? {} : { command: choice.command }),
    ...(choice.dockerfile ? { dockerfile: choice.dockerfile } : {}),
  }),
);

export const defaultProvider: ProviderChoice = { template: DEFAULT_TEMPLATE };
