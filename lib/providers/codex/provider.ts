import { stringify } from 'smol-toml';
import { MODEL_API } from '../placeholder.ts';
import type { GuestFile, GuestSetup, Provider } from '../provider.ts';
import { API_KEY_FILE, signInFile } from './auth-file.ts';
import { codexSignIn } from './sign-in.ts';
import { codexTranscriptLine } from './transcript-line.ts';

/** Seconds; without it, Codex gives up a call of a tool after 300. */
const TOOL_TIMEOUT_SECONDS = 3600;

/**
 * Codex without a sandbox of its own, since the bottle confines it. Values were tried on 0.171.0. No route leads to
 * auth.openai.com: the host signs in, and the host refreshes.
 */
export const codex: Provider = {
  command: ['codex'],
  ...{ user: 'node', home: '/home/node' },
  npmPackage: '@openai/codex',
  credentials: {
    api_key: {
      title: 'OpenAI API key, metered',
      routes: [
        {
          host: 'api.openai.com',
          auth: { scheme: 'Bearer' },
          matches: [
            { paths: [{ type: 'prefix', value: '/v1/responses' }] },
            { paths: [{ type: 'prefix', value: '/v1/models' }], methods: ['GET'] },
          ],
          dlp: MODEL_API,
        },
      ],
    },
    chatgpt: {
      title: 'ChatGPT sign-in of this host',
      signIn: codexSignIn,
      routes: [
        {
          host: 'chatgpt.com',
          auth: { scheme: 'Bearer' },
          matches: [
            {
              paths: [
                { type: 'prefix', value: '/backend-api/codex' },
                { type: 'prefix', value: '/backend-api/wham' },
              ],
            },
          ],
          dlp: MODEL_API,
        },
      ],
    },
  },
  credentialVariables: ['CODEX_ACCESS_TOKEN', 'CODEX_API_KEY', 'OPENAI_API_KEY'],
  skills: '.codex/skills',
  transcripts: '.codex/sessions',
  transcriptLine: codexTranscriptLine,
  files: (setup) => [configFile(setup), ...authFiles(setup)],
  needsTerminal: true,
  interactive: ({ resume }) => [...(resume ? ['resume', '--last'] : []), ...UNCONFINED],
  headless: ({ resume, format }) => [
    'exec',
    ...UNCONFINED,
    '--skip-git-repo-check',
    ...(format === 'json' ? ['--json'] : []),
    ...(resume ? ['resume', '--last'] : []),
    // The prompt is on standard input.
    '-',
  ],
};

const UNCONFINED = ['--dangerously-bypass-approvals-and-sandbox'];

function configFile({ workdir, prompt, mcpServers }: GuestSetup): GuestFile {
  const servers = Object.entries(mcpServers).map(([name, url]) => [
    name,
    { url, tool_timeout_sec: TOOL_TIMEOUT_SECONDS },
  ]);
  return {
    path: '.codex/config.toml',
    content: stringify({
      check_for_update_on_startup: false,
      cli_auth_credentials_store: 'file',
      approval_policy: 'never',
      sandbox_mode: 'danger-full-access',
      ...(prompt === '' ? {} : { developer_instructions: prompt }),
      analytics: { enabled: false },
      feedback: { enabled: false },
      features: {
        ...{ plugins: false, apps: false, daemon_auto_start: false },
        // With an API key, both ask chatgpt.com.
        ...{ api_key_model_discovery: false, api_key_cyber_access_programs: false },
      },
      notice: { hide_full_access_warning: true },
      projects: { [workdir]: { trust_level: 'trusted' } },
      mcp_servers: Object.fromEntries(servers),
    }),
  };
}

function authFiles({ credential }: GuestSetup): GuestFile[] {
  if (credential === undefined) return [];
  return [credential.kind === 'chatgpt' ? signInFile(credential.details) : API_KEY_FILE];
}
