import type { Plan } from '../plan/schema.ts';
import type { SignIn } from './provider.ts';
import { providerFor } from './registry.ts';

/**
 * Returns the host's sign-in that the planned credential is, if it is one. `home` is the directory with the operator's
 * own providers.
 * @throws BottleError `provider-invalid`, `manifest-invalid` when the provider is gone.
 */
export async function signInOf(
  { template, credential }: Plan['provider'],
  home: string,
): Promise<SignIn | undefined> {
  if (credential === undefined || credential.variable !== undefined) return undefined;
  const { credentials } = await providerFor(template, home);
  return credentials[credential.kind]?.signIn;
}
