import { beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOfProblems } from '../../../lib/errors.ts';
import { check, smolvmOf, writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

/** Returns the planned credential and routes, or the text of all problems. */
async function resolved(frontmatter: string) {
  await writeFiles(home.path, {
    'home/agents/dev.md': '---\nbottle: dev\n---\n',
    'home/bottles/dev.md': `---\n${frontmatter}\n---\n`,
  });
  const { credential, problems } = await check(home.path, 'dev');
  const [first, ...others] = problems;
  return { ...credential, text: first ? errorOfProblems([first, ...others]).message : '' };
}

beforeEach(async () => {
  vi.stubEnv('TOKEN', 'a-token');
  vi.stubEnv('BOT_BOTTLE_IMAGE', '');
  await smolvmOf(home.path, 'smolvm 1.9.3');
});

describe('the credential of an agent', () => {
  it.each([
    ['auth_token: TOKEN', 'oauth_token', 'Bearer', undefined],
    ['credential: { kind: auth_token, token_ref: TOKEN }', 'auth_token', 'Bearer', undefined],
    ['credential: { kind: api_key, token_ref: TOKEN }', 'api_key', 'none', 'x-api-key'],
  ])('claude with `%s` sends it as it must be sent', async (keys, kind, scheme, header) => {
    const { credential, routes, text } = await resolved(`agent_provider: { template: claude, ${keys} }`);
    expect(text).toBe('');
    expect(credential).toMatchObject({ kind, hosts: ['api.anthropic.com'], variable: 'TOKEN' });
    expect(routes?.[0]).toMatchObject({
      host: 'api.anthropic.com',
      auth: { scheme, tokenRef: 'TOKEN', ...(header === undefined ? {} : { header }) },
    });
  });

  it('a bottle that names none is told what there is', async () => {
    expect((await resolved('agent_provider: { template: claude }')).text).toMatch(
      /`claude` needs a credential, and the bottle names none\n.*oauth_token: Claude subscription/,
    );
  });

  it('a bottle with its own credential for the agent’s host needs no other', async () => {
    const { text, routes } = await resolved(
      'agent_provider: { template: claude }\negress: { routes: [{ host: api.anthropic.com, auth: { scheme: Bearer, token_ref: TOKEN } }] }',
    );
    expect([text, routes]).toEqual(['', []]);
  });

  it('a subscription cannot turn into metered billing by a variable of the bottle', async () => {
    const { text } = await resolved(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
      'agent_provider: { template: claude, auth_token: TOKEN }\nenv: { ANTHROPIC_API_KEY: "${TOKEN}" }',
    );
    expect(text).toMatch(
      /env\.ANTHROPIC_API_KEY .*would give the agent another credential than the chosen one/,
    );
  });

  it.each([
    [
      'credential: { kind: oauth, token_ref: TOKEN }',
      /credential\.kind is 'oauth', which `claude` does not know/,
    ],
    ['credential: { kind: api_key }', /credential\.token_ref is missing/],
    ['auth_token: TOKEN, credential: { kind: api_key, token_ref: TOKEN }', /is given beside `credential`/],
    ['auth_token: NOT_SET', /the host variable NOT_SET is not set: agent_provider/],
    ['auth_token: TOKEN, command: [x]', /agent_provider\.command .*: `claude` has its own command/],
    ['auth_token: TOKEN, mcp_servers: { docs: "ftp://x" }', /is not an HTTP URL/],
    ['auth_token: TOKEN, mcp_servers: { docs: "https://u:p@x.example" }', /contains a credential/],
  ])('`%s` is refused', async (keys, message) => {
    expect((await resolved(`agent_provider: { template: claude, ${keys} }`)).text).toMatch(message);
  });

  it('a sign-in of the host takes no variable, and is read from the host’s file', async () => {
    const exp = Math.floor(Date.now() / 1000) + 60;
    const token = `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.y`;
    await writeFiles(home.path, { '.codex/auth.json': JSON.stringify({ tokens: { access_token: token } }) });
    vi.stubEnv('CODEX_HOME', '');
    const { credential, routes, text } = await resolved(
      'agent_provider: { template: codex, forward_host_credentials: true }',
    );
    expect(text).toBe('');
    expect(credential).toEqual({
      kind: 'chatgpt',
      title: 'ChatGPT sign-in of this host',
      hosts: ['chatgpt.com'],
    });
    expect(routes?.map(({ host }) => host)).not.toContain('auth.openai.com');
  });
});
