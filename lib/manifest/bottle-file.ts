import { z } from 'zod';
import { envValue, variableName } from './env-value.ts';
import { providerChoice } from './provider-choice.ts';
import { routeList } from './route-entry.ts';

/** Frontmatter of a bottle. A key without a value counts as absent: its entries may all be commented out. */
export const bottleFile = z.strictObject({
  env: z.record(variableName, envValue).nullish(),
  egress: z.strictObject({ routes: routeList.nullish() }).nullish(),
  agent_provider: providerChoice.optional(),
});

/** Keys of the original's bottles that this version knows and refuses. */
export const BOTTLE_KEYS_TO_COME: ReadonlySet<string> = new Set([
  'extends',
  'git-gate',
  'supervise',
  'egress.log',
  'egress.routes[].matches',
  'egress.routes[].git',
  'egress.routes[].dlp',
  'egress.routes[].role',
  'agent_provider.auth_token',
  'agent_provider.forward_host_credentials',
]);
