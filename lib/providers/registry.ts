import { BottleError } from '../errors.ts';
import type { Provider } from './provider.ts';

/** Any program as an agent: the bottle's manifest names its command and its Dockerfile. */
const command: Provider = {
  template: 'command',
  user: 'node',
  home: '/home/node',
  command(configured) {
    if (configured !== undefined && configured.length > 0) return configured;
    throw new BottleError('manifest-invalid', 'agent_provider.command is missing', {
      hint: 'Name the program as a list: `command: [node, /opt/agent.mjs]`.',
    });
  },
};

const PROVIDERS: readonly Provider[] = [command];

/** @throws BottleError `manifest-invalid`, listing the templates there are. */
export function providerFor(template: string): Provider {
  const provider = PROVIDERS.find((candidate) => candidate.template === template);
  if (provider !== undefined) return provider;
  throw new BottleError('manifest-invalid', `agent_provider.template is '${template}', which is not known`, {
    hint: `Known templates: ${PROVIDERS.map((candidate) => candidate.template).join(', ')}.`,
  });
}
