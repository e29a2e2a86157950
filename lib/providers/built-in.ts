import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import type { Provider } from './provider.ts';

const NODE_USER = { user: 'node', home: '/home/node' } as const;

/**
 * Of the API of the agent's own model, what comes back is what the agent says: an answer about an attack that it has read
 * reads like one, and to refuse it would stop the agent where it does right. What leaves is scanned like everything.
 */
const MODEL_ANSWERS = { inboundDetectors: [] };

/** Any program as an agent: the bottle's manifest names its command and its Dockerfile. */
const command: Provider = {
  ...NODE_USER,
  template: 'command',
  image: 'bot-bottle-command',
  promptMode: 'variable',
  environment: {},
  command(configured) {
    if (configured !== undefined && configured.length > 0) return configured;
    throw new BottleError('manifest-invalid', 'agent_provider.command is missing', {
      hint: 'Name the program as a list: `command: [node, /opt/agent.mjs]`.',
    });
  },
};

/** Claude Code, which asks for no permission: the bottle is what holds it. */
const claude: Provider = {
  ...NODE_USER,
  template: 'claude',
  image: 'bot-bottle-claude',
  dockerfile: join(import.meta.dirname, 'claude', 'Dockerfile'),
  promptMode: 'append-file',
  environment: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_ERROR_REPORTING: '1' },
  routes: ({ authToken }) =>
    authToken === undefined
      ? []
      : [{ host: 'api.anthropic.com', auth: { scheme: 'Bearer', tokenRef: authToken }, dlp: MODEL_ANSWERS }],
  command: () => ['claude', '--dangerously-skip-permissions'],
};

/** Codex. Its TLS library passes the system's trust over, so that it is told where the bottle's CA is. */
const codex: Provider = {
  ...NODE_USER,
  template: 'codex',
  image: 'bot-bottle-codex',
  dockerfile: join(import.meta.dirname, 'codex', 'Dockerfile'),
  promptMode: 'variable',
  environment: { CODEX_CA_CERTIFICATE: '/etc/ssl/certs/ca-certificates.crt' },
  command: () => ['codex', '--dangerously-bypass-approvals-and-sandbox'],
};

export const BUILT_IN_PROVIDERS: readonly Provider[] = [claude, codex, command];
