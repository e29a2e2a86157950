import { BottleError } from '../errors.ts';
import type { Manifest } from '../manifest/types.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';
import { placeOf } from './manifest-place.ts';

/**
 * Returns the agent's program and first arguments, which either the provider or the bottle names; empty for the image's own.
 * @throws BottleError `manifest-invalid` when both do.
 */
export function agentCommand(provider: LoadedProvider, manifest: Manifest): readonly string[] {
  const configured = manifest.bottle.provider.command;
  if (provider.command === undefined) return configured ?? [];
  if (configured === undefined) return provider.command;
  throw new BottleError(
    'manifest-invalid',
    `agent_provider.command${placeOf(manifest, 'agent_provider')}: \`${provider.template}\` has its own command`,
    { hint: 'Remove `command`, or write `template: command`.' },
  );
}
