import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { knownSecretFinder, scanPlainText, scanText } from '../../../lib/daemons/detection/index.ts';
import { BUILT_IN_PROVIDERS } from '../../../lib/providers/built-in.ts';
import type { GuestSetup, HeadlessSession } from '../../../lib/providers/provider.ts';
import { filesOf, headlessArguments, interactiveArguments } from '../../../lib/providers/provider-results.ts';
import { providerFor } from '../../../lib/providers/registry.ts';

const SETUP: GuestSetup = {
  home: '/home/node',
  workdir: '/home/node/work dir',
  prompt: 'Say "hi".\nThen \\ stop.',
  label: 'My task',
  mcpServers: { docs: 'https://mcp.example.com/mcp' },
};
const SESSION: HeadlessSession = {
  promptFile: '/home/node/prompt.txt',
  workdir: '/home/node',
  label: '',
  resume: false,
  format: 'text',
};

async function fileOf(template: string, name: string, setup: Partial<GuestSetup> = {}): Promise<string> {
  const files = filesOf(await providerFor(template, '/nowhere'), { ...SETUP, ...setup });
  return files.find((file) => file.path === name)?.content ?? '';
}

const headless = async (template: string, changes: Partial<HeadlessSession> = {}) =>
  headlessArguments(await providerFor(template, '/nowhere'), { ...SESSION, ...changes }).join(' ');

describe('every built-in provider', () => {
  it.each(Object.keys(BUILT_IN_PROVIDERS))(
    '%s has no placeholder that egress takes for a secret',
    async (template) => {
      const provider = await providerFor(template, '/nowhere');
      for (const [kind, { environment = {} }] of Object.entries(provider.credentials)) {
        const details = { account_id: 'a', user_id: 'u', plan: 'p', expires: '4000000000' };
        const files = filesOf(provider, { ...SETUP, credential: { kind, details } });
        for (const text of [...Object.values(environment), ...files.map(({ content }) => content)]) {
          expect(
            scanPlainText(text, { detectors: new Set(['token_patterns']), findKnown: knownSecretFinder([]) }),
          ).toEqual([]);
        }
      }
    },
  );

  it.each(['claude', 'codex', 'pi'])(
    '%s refuses every credential variable beside the chosen one',
    async (template) => {
      const provider = await providerFor(template, '/nowhere');
      const placeholders = Object.values(provider.credentials).flatMap(({ environment = {} }) =>
        Object.keys(environment),
      );
      expect(provider.credentialVariables).toEqual(expect.arrayContaining(placeholders));
    },
  );
});

describe('claude', () => {
  it('its state answers onboarding and trust for the working directory, and names the MCP servers', async () => {
    expect(JSON.parse(await fileOf('claude', '.claude.json'))).toMatchObject({
      hasCompletedOnboarding: true,
      projects: { '/home/node/work dir': { hasTrustDialogAccepted: true } },
      mcpServers: { docs: { type: 'http', url: 'https://mcp.example.com/mcp' } },
    });
  });

  it('the prompt is a file, and a later session does not use the snapshot of an earlier one', async () => {
    expect(await headless('claude')).toBe(
      '--print --append-system-prompt-file /home/node/prompt.txt --system-prompt-snapshot off',
    );
    expect(await headless('claude', { promptFile: undefined, resume: true, format: 'json' })).toBe(
      '--print --output-format stream-json --verbose --continue',
    );
  });

  it('the label names the session on a terminal', async () => {
    const provider = await providerFor('claude', '/nowhere');
    const session = { workdir: '/home/node', label: 'My task', resume: false };
    expect(interactiveArguments(provider, session)).toEqual(['--name', 'My task']);
  });
});

describe('codex', () => {
  it('the guest’s sign-in shares no part with the real token that egress would find', async () => {
    const ids = {
      account_id: '1f0d3a2c-7b1e-4c55-9a57-0c1f6f1e2d3b',
      user_id: 'user-abcdefghijklmnop',
      plan: 'pro',
    };
    const details = { ...ids, expires: '1795979815' };
    const claims = (padding: string) => ({
      aud: padding,
      exp: 1_795_979_815,
      'https://api.openai.com/auth': {
        chatgpt_account_id: ids.account_id,
        chatgpt_user_id: ids.user_id,
        chatgpt_plan_type: 'pro',
      },
    });
    const text = await fileOf('codex', '.codex/auth.json', { credential: { kind: 'chatgpt', details } });
    // Base64 depends on what is before, modulo three.
    for (const padding of ['', 'a', 'ab']) {
      const token = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(JSON.stringify(claims(padding))).toString('base64url')}.c2ln`;
      const options = {
        detectors: new Set(['known_secrets'] as const),
        findKnown: knownSecretFinder([token]),
      };
      expect(scanText(text, options)).toEqual([]);
    }
  });

  it('its settings are TOML with the prompt, the trusted folder and the MCP servers', async () => {
    expect(parse(await fileOf('codex', '.codex/config.toml'))).toMatchObject({
      developer_instructions: SETUP.prompt,
      analytics: { enabled: false },
      features: { plugins: false },
      projects: { '/home/node/work dir': { trust_level: 'trusted' } },
      mcp_servers: { docs: { url: 'https://mcp.example.com/mcp' } },
    });
  });

  it('the guest’s sign-in has the real ids and expiry, and tokens that open nothing', async () => {
    const details = { account_id: 'account-1', user_id: 'user-1', plan: 'pro', expires: '4000000000' };
    const credential = { kind: 'chatgpt', details };
    const { auth_mode, tokens } = JSON.parse(await fileOf('codex', '.codex/auth.json', { credential }));
    expect([auth_mode, tokens.account_id]).toEqual(['chatgpt', 'account-1']);
    const [header, claims, signature] = tokens.access_token.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'none' });
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ exp: 4_000_000_000 });
    expect(signature).toBe('none');
  });

  it('a session without a terminal reads its prompt from standard input', async () => {
    expect(await headless('codex', { format: 'json', resume: true })).toBe(
      'exec --dangerously-bypass-approvals-and-sandbox --skip-git-repo-check --json resume --last -',
    );
  });
});

describe('pi', () => {
  it('its prompt is appended to the system prompt, and none is written without one', async () => {
    expect(await fileOf('pi', '.pi/agent/APPEND_SYSTEM.md')).toBe(SETUP.prompt);
    expect(await fileOf('pi', '.pi/agent/APPEND_SYSTEM.md', { prompt: '' })).toBe('');
  });
});
