import { z } from 'zod';
import { egress } from './egress.ts';
import { envValue } from './env-value.ts';
import { gitGate } from './git-gate.ts';
import { bottleName } from './manifest-name.ts';
import { providerChoice } from './provider-choice.ts';
import { variableName } from './variable-name.ts';

/** Frontmatter of a bottle. A key without a value counts as absent: its entries may all be commented out. */
export const bottleFile = z.strictObject({
  extends: bottleName.nullish().meta({ description: 'The bottle that this one builds on.' }),
  env: z
    .record(variableName, envValue)
    .nullish()
    .meta({ description: 'The environment of the agent. Merged with the parent’s, this one wins.' }),
  agent_provider: providerChoice
    .nullish()
    .meta({ description: 'Which agent runs. Replaces the parent’s as a whole.' }),
  'git-gate': gitGate.nullish().meta({ description: 'What the agent may clone, fetch and push.' }),
  egress: egress
    .nullish()
    .meta({ description: 'What the agent may reach. Replaces the parent’s as a whole.' }),
  supervise: z
    .boolean()
    .nullish()
    .meta({ description: 'Whether the agent can ask the operator for more.', default: true }),
});

export type BottleKeys = z.output<typeof bottleFile>;
