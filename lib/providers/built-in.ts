import { join } from 'node:path';
import type { Provider } from './provider.ts';

const NODE_USER = { user: 'node', home: '/home/node' } as const;

/**
 * Responses of the agent's own model API are not scanned: they are the agent's own words, and a correct
 * description of an attack looks like the attack. Requests are scanned as usual.
 */
const MODEL_RESPONSES = { inboundDetectors: [] };

/** Any program as an agent; the bottle's manifest names its Dockerfile, and its command unless that is the image's. */
const command: Provider = {
  template: 'command',
  image: 'bot-bottle-command',
  promptMode: 'variable',
  environment: {},
  command: (configured) => configured ?? [],
};

/** Claude Code without permission prompts, since the bottle confines it. */
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
      : [
          {
            host: 'api.anthropic.com',
            auth: { scheme: 'Bearer', tokenRef: authToken },
            dlp: MODEL_RESPONSES,
          },
        ],
  command: () => ['claude', '--dangerously-skip-permissions'],
};

/** Codex. Its TLS library ignores the system's trust, so a variable names the CA file. */
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
