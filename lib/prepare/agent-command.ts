import { BottleError } from '../errors.ts';
import type { Manifest } from '../manifest/types.ts';
import type { LoadedProvider } from '../providers/loaded-provider.ts';
import { placeOf } from './manifest-place.ts';

/**
 * Returns the agent's program and first arguments, which either the provider or the bottle names.
 * @throws BottleError `manifest-invalid` when both do, or neither.
 */
export function agentCommand(provider: LoadedProvider, manifest: Manifest): readonly string[] {
  const configured = manifest.bottle.provider.command;
  const place = `agent_provider.command${placeOf(manifest, 'agent_provider')}`;
  if (provider.command !== undefined) {
    if (configured === undefined) return provider.command;
    throw new BottleError('manifest-invalid', `${place}: \`${provider.template}\` has its own command`, {
      hint: 'Remove `command`, or write `template: command`.',
    });
  }
  if (configured !== undefined) return configured;
  throw new BottleError('manifest-invalid', `${place} is missing`, {
    hint: 'Name the program as a list: `command: [node, /opt/agent.mjs]`.',
  });
}
