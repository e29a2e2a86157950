import { z } from 'zod';
import { egress } from './egress.ts';
import { envFile } from './env-file.ts';
import { envValue } from './env-value.ts';
import { gitGate } from './git-gate.ts';
import { bottleName } from './manifest-name.ts';
import { providerChoice } from './provider-choice.ts';
import { guestVariableName } from './variable-name.ts';

/**
 * Frontmatter of a bottle. A key without a value counts as absent, because its entries may be commented out.
 */
export const bottleFile = z.strictObject({
  extends: bottleName.nullish().meta({ description: 'The bottle that this one extends.' }),
  env: z
    .record(guestVariableName, envValue)
    .nullish()
    .meta({ description: 'The agent’s environment. Merged with the parent’s; this one wins.' }),
  env_file: envFile.nullish().meta({
    description:
      'Files of the host with more variables, as dotenv; `env` wins. Replaces the parent’s entirely.',
  }),
  agent_provider: providerChoice
    .nullish()
    .meta({ description: 'Which agent runs. Replaces the parent’s entirely.' }),
  'git-gate': gitGate.nullish().meta({ description: 'What the agent can clone, fetch and push.' }),
  egress: egress.nullish().meta({ description: 'What the agent can reach. Replaces the parent’s entirely.' }),
  terminal: z
    .strictObject({
      clipboard: z.boolean().nullish().meta({
        description:
          'Whether the agent can write to the clipboard of your terminal, with OSC 52. Never reads it.',
        default: false,
      }),
    })
    .nullish()
    .meta({ description: 'What the agent can do to your terminal. Replaces the parent’s entirely.' }),
  supervise: z
    .boolean()
    .nullish()
    .meta({ description: 'Whether the agent can ask the operator for more access.', default: true }),
});

export type BottleKeys = z.output<typeof bottleFile>;
