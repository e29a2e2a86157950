import { readFileVariables } from '../../host/dotenv-file.ts';
import type { Plan } from '../../plan/schema.ts';

/**
 * Returns the bottle's own secrets as far as this process can know them: tokens that egress adds, and variables that
 * were forwarded from the operator's environment or files. Answers to prompts are gone since the launch.
 */
export async function ownSecrets({ egress, environment, git, provider }: Plan): Promise<string[]> {
  const variables = [
    ...Object.values(egress.tokens),
    ...Object.values(environment.forwarded),
    ...git.flatMap(({ key }) => (key.kind === 'token' ? [key.variable] : [])),
    ...(provider.credential?.variable === undefined ? [] : [provider.credential.variable]),
  ];
  // Without its file a value cannot be searched for, and nothing else depends on it.
  const fromFiles = await readFileVariables(environment.files).catch(() => ({}));
  return [...variables.flatMap((name) => process.env[name] ?? []), ...Object.values(fromFiles)];
}
