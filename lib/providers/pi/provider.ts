import { MODEL_API, PLACEHOLDER } from '../placeholder.ts';
import type { GuestSetup, Provider, ProviderRoute, Session } from '../provider.ts';
import { piTranscriptLine } from './transcript-line.ts';

const route = (host: string, prefix: string, auth: ProviderRoute['auth']): ProviderRoute => ({
  host,
  auth,
  matches: [{ paths: [{ type: 'prefix', value: prefix }] }],
  dlp: MODEL_API,
});

/** pi. Its TUI and its headless mode have no permission prompts. Values were tried on 1.6.0. https://pi.dev */
export const pi: Provider = {
  command: ['pi'],
  ...{ user: 'node', home: '/home/node' },
  npmPackage: '@earendil-works/pi-coding-agent',
  // Offline means without catalogs and update checks; the model API is still used.
  environment: { PI_OFFLINE: '1', PI_SKIP_VERSION_CHECK: '1', PI_TELEMETRY: '0' },
  credentials: {
    anthropic_api_key: {
      title: 'Anthropic API key, metered',
      routes: [route('api.anthropic.com', '/v1/messages', { header: 'x-api-key', scheme: 'none' })],
      environment: { ANTHROPIC_API_KEY: PLACEHOLDER },
    },
    openai_api_key: {
      title: 'OpenAI API key, metered',
      routes: [route('api.openai.com', '/v1/', { scheme: 'Bearer' })],
      environment: { OPENAI_API_KEY: PLACEHOLDER },
    },
  },
  credentialVariables: [
    ...['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_OAUTH_TOKEN'],
    'OPENAI_API_KEY',
  ],
  skills: '.pi/agent/skills',
  transcripts: '.pi/agent/sessions',
  resumable: (workdir) => `.pi/agent/sessions/--${workdir.replace(/^\//, '').replace(/[/:]/g, '-')}--`,
  transcriptLine: piTranscriptLine,
  files: (setup) => [
    { path: '.pi/agent/settings.json', content: JSON.stringify({ defaultProjectTrust: 'always' }) },
    { path: '.pi/agent/mcp.json', content: JSON.stringify({ mcpServers: serversOf(setup) }) },
    ...(setup.prompt === '' ? [] : [{ path: '.pi/agent/APPEND_SYSTEM.md', content: setup.prompt }]),
  ],
  needsTerminal: true,
  interactive: (session) => [...(session.label === '' ? [] : ['--name', session.label]), ...resumed(session)],
  headless: (session) => [
    '--print',
    ...(session.format === 'json' ? ['--mode', 'json'] : []),
    ...resumed(session),
  ],
};

function resumed({ resume }: Session): string[] {
  return resume ? ['--continue'] : [];
}

/** Direct: like other agents, pi then tells the model of each tool from the start. */
function serversOf({ mcpServers }: GuestSetup): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(mcpServers).map(([name, url]) => [name, { url, exposure: 'direct' }]),
  );
}
