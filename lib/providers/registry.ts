import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { BUILT_IN_PROVIDERS } from './built-in.ts';
import { type LoadedProvider, loadedFrom } from './loaded-provider.ts';
import { providerSchema } from './provider-schema.ts';
import { loadUserProvider } from './user-provider.ts';

/**
 * Returns the provider of that name: a built-in one, else the operator's own in `contrib` of `home`. `where`
 * is the location of its name, as `FILE:LINE: `, for the error message.
 * @throws BottleError `manifest-invalid`, listing the known templates, or `provider-invalid`
 */
export async function providerFor(template: string, home: string, where = ''): Promise<LoadedProvider> {
  const provider = (await builtInProvider(template)) ?? (await loadUserProvider(template, home));
  if (provider !== undefined) return provider;
  const known = [...Object.keys(BUILT_IN_PROVIDERS), ...(await ownTemplates(home))];
  throw new BottleError(
    'manifest-invalid',
    `${where}agent_provider.template is '${template}', which is unknown`,
    {
      hint: `Known templates: ${known.join(', ')}. To add one, write ${join(home, 'contrib', template, 'provider.ts')}.`,
    },
  );
}

/** Returns the names of the operator's own providers in `contrib` of `home`, whether or not they are valid. */
export async function ownTemplates(home: string): Promise<string[]> {
  return (await readdir(join(home, 'contrib')).catch(() => [])).toSorted();
}

async function builtInProvider(template: string): Promise<LoadedProvider | undefined> {
  const provider = Object.hasOwn(BUILT_IN_PROVIDERS, template) ? BUILT_IN_PROVIDERS[template] : undefined;
  if (provider === undefined) return undefined;
  return loadedFrom(join(import.meta.dirname, template, 'image'), template, providerSchema.parse(provider));
}
