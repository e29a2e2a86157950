import { MODEL_API, PLACEHOLDER } from '../placeholder.ts';
import type { GuestFile, GuestSetup, Provider, ProviderRoute, Session } from '../provider.ts';
import { claudeTranscriptLine } from './transcript-line.ts';

/** Of this many last characters of an API key Claude Code remembers that it may use it. */
const REMEMBERED_KEY_LENGTH = 20;

/**
 * The paths that a session needs. Telemetry goes to the same host (`/api/event_logging`, `/api/eval`), and is refused even
 * if the agent turns it on again.
 */
const anthropic = (auth: ProviderRoute['auth']): ProviderRoute => ({
  host: 'api.anthropic.com',
  auth,
  matches: [
    { paths: [{ type: 'prefix', value: '/v1/messages' }] },
    {
      paths: [
        { type: 'exact', value: '/api/claude_code/settings' },
        { type: 'exact', value: '/api/claude_code/policy_limits' },
      ],
      methods: ['GET'],
    },
  ],
  dlp: MODEL_API,
});

/**
 * Claude Code without permission prompts, since the bottle confines it. Values were tried on 2.1.332.
 * https://code.claude.com/docs/en/settings
 */
export const claude: Provider = {
  command: ['claude', '--dangerously-skip-permissions'],
  ...{ user: 'node', home: '/home/node' },
  npmPackage: '@anthropic-ai/claude-code',
  environment: {
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
  },
  credentials: {
    oauth_token: {
      title: 'Claude subscription, OAuth token',
      routes: [anthropic({ scheme: 'Bearer' })],
      // Claude Code sends the header `anthropic-beta: oauth-…` only if it believes that it has such a token.
      environment: { CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER },
    },
    auth_token: {
      title: 'Anthropic bearer token, metered',
      routes: [anthropic({ scheme: 'Bearer' })],
      environment: { ANTHROPIC_AUTH_TOKEN: PLACEHOLDER },
    },
    api_key: {
      title: 'Anthropic API key, metered',
      routes: [anthropic({ header: 'x-api-key', scheme: 'none' })],
      environment: { ANTHROPIC_API_KEY: PLACEHOLDER },
    },
  },
  credentialVariables: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'],
  skills: '.claude/skills',
  transcripts: '.claude/projects',
  resumable: (workdir) => `.claude/projects/${workdir.replace(/[^A-Za-z0-9]/g, '-')}`,
  transcriptLine: claudeTranscriptLine,
  files: (setup) => [stateFile(setup), SETTINGS],
  needsTerminal: true,
  interactive: (session) => [
    ...(session.label === '' ? [] : ['--name', session.label]),
    ...commonArguments(session),
  ],
  // The stream of events needs `--verbose`.
  headless: (session) => [
    '--print',
    ...(session.format === 'json' ? ['--output-format', 'stream-json', '--verbose'] : []),
    ...commonArguments(session),
  ],
};

function commonArguments({ promptFile, resume }: Session): string[] {
  return [
    // A snapshot would keep the prompt of the first session when a later one continues it.
    ...(promptFile === undefined
      ? []
      : ['--append-system-prompt-file', promptFile, '--system-prompt-snapshot', 'off']),
    ...(resume ? ['--continue'] : []),
  ];
}

/** Answers what Claude Code would ask at its first start: onboarding, trust in the folder, use of the key. */
function stateFile({ workdir, mcpServers }: GuestSetup): GuestFile {
  const servers = Object.entries(mcpServers).map(([name, url]) => [name, { type: 'http', url }]);
  return {
    path: '.claude.json',
    content: JSON.stringify({
      hasCompletedOnboarding: true,
      customApiKeyResponses: { approved: [PLACEHOLDER.slice(-REMEMBERED_KEY_LENGTH)], rejected: [] },
      projects: { [workdir]: { hasTrustDialogAccepted: true } },
      mcpServers: Object.fromEntries(servers),
    }),
  };
}

const SETTINGS: GuestFile = {
  path: '.claude/settings.json',
  content: JSON.stringify({ skipDangerousModePermissionPrompt: true }),
};
