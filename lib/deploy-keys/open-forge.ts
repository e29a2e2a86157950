import { extraCaFile } from '../docker/extra-ca.ts';
import { BottleError } from '../errors.ts';
import type { ForgeClient, KeyPlace } from '../forge/forge-client.ts';
import { readHostVariables } from '../host/variables.ts';

/**
 * Returns a client for the deploy keys of one repository, with the token that the host variable holds now. Trusts the
 * same extra roots as the bundle.
 * @throws BottleError `variable-missing`
 */
export async function openForge(
  place: KeyPlace & { readonly variable: string },
  signal?: AbortSignal,
): Promise<ForgeClient> {
  const { variable } = place;
  const { token = '' } = readHostVariables({ token: variable });
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new BottleError('variable-missing', `the host variable ${variable} holds more than a token`, {
      hint: `Export the token alone as ${variable}, without spaces and line ends.`,
    });
  }
  const [{ ForgeClient }, { forgeNetwork }, { PATIENCE }] = await Promise.all([
    import('../forge/forge-client.ts'),
    import('../forge/network.ts'),
    import('../forge/retry.ts'),
  ]);
  const dispatcher = await forgeNetwork(await extraCaFile(process.env), PATIENCE.connectMs);
  return new ForgeClient(place, { variable, token, dispatcher, signal });
}
