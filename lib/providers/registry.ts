import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { BUILT_IN_PROVIDERS } from './built-in.ts';
import type { Provider } from './provider.ts';
import { loadUserProvider } from './user-provider.ts';

/**
 * Returns the provider of that name: a built-in one, else the operator's own in `contrib` of `home`. `where`
 * is the location of its name, as `FILE:LINE: `, for the error message.
 * @throws BottleError `manifest-invalid`, listing the known templates, or `provider-invalid`
 */
export async function providerFor(template: string, home: string, where = ''): Promise<Provider> {
  const builtIn = BUILT_IN_PROVIDERS.find((candidate) => candidate.template === template);
  const provider = builtIn ?? (await loadUserProvider(template, home));
  if (provider !== undefined) return provider;
  const own = await readdir(join(home, 'contrib')).catch(() => []);
  const known = [...BUILT_IN_PROVIDERS.map((candidate) => candidate.template), ...own.toSorted()];
  throw new BottleError(
    'manifest-invalid',
    `${where}agent_provider.template is '${template}', which is unknown`,
    {
      hint: `Known templates: ${known.join(', ')}. To add one, write ${join(home, 'contrib', template, 'provider.ts')}.`,
    },
  );
}
