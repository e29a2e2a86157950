import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, useSandboxes } from '../../support/kit.ts';
import { ModelApi } from '../../support/model-api/start.ts';

const API_KEY = 'sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyzNEEDLE';

const sandbox = useSandboxes();
const api = new ModelApi();
beforeAll(() => api.start());
afterAll(() => api.stop());

async function userWith(provider: string): Promise<Sandbox> {
  const user = sandbox();
  Object.assign(user.env, { ANTHROPIC_KEY: API_KEY, NODE_EXTRA_CA_CERTS: api.roots });
  await user.writeManifest('bottles', 'dev', `---\nagent_provider: { ${provider} }\n---\n`);
  await user.writeManifest('agents', 'dev', '---\nbottle: dev\n---\nBe good.\n');
  return user;
}

async function launched(user: Sandbox, ...flags: string[]) {
  api.received();
  const stop = api.serve(user);
  const finished = await user.run('launch', ['--agent', 'dev', ...flags]);
  stop();
  return { ...finished, requests: api.received() };
}

function jwt(claims: Record<string, unknown>): string {
  return `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.NEEDLE`;
}

// With the other tier's newest version, agents.test.ts does the rest.
describe('launches with smolvm 0.8.0', () => {
  it('claude works with an API key, which only upstream sees', async () => {
    const user = await userWith('template: claude, credential: { kind: api_key, token_ref: ANTHROPIC_KEY }');
    const { exitCode, stdout, stderr, requests } = await launched(
      user,
      '--prompt',
      'RUN: env; cat ~/.claude.json',
    );
    expect([exitCode, stdout.trim()], stderr).toEqual([0, 'DONE-from-the-model']);
    expect(stderr).toContain(
      'Anthropic API key, metered, from ANTHROPIC_KEY; sent to api.anthropic.com only',
    );
    for (const { headers } of requests)
      expect([headers['x-api-key'], headers.authorization]).toEqual([API_KEY, undefined]);
    const bodies = JSON.stringify(requests.map(({ body }) => body));
    expect(bodies).toContain('hasCompletedOnboarding');
    expect(bodies).not.toContain('NEEDLE');
  });

  it('codex works with the ChatGPT sign-in of the host, of which the guest has only the ids', async () => {
    const user = await userWith('template: codex, forward_host_credentials: true');
    const account = { chatgpt_account_id: 'account-1', chatgpt_user_id: 'user-1', chatgpt_plan_type: 'pro' };
    const exp = Math.floor(Date.now() / 1000) + 86_400;
    const token = jwt({ exp, email: 'me@example.com', 'https://api.openai.com/auth': account });
    const tokens = {
      id_token: token,
      access_token: token,
      refresh_token: 'refresh-NEEDLE',
      account_id: 'account-1',
    };
    mkdirSync(join(user.root, '.codex'));
    writeFileSync(join(user.root, '.codex', 'auth.json'), JSON.stringify({ OPENAI_API_KEY: null, tokens }));
    const { exitCode, stdout, stderr, requests } = await launched(
      user,
      '--prompt',
      'RUN: env; cat ~/.codex/auth.json',
    );
    expect([exitCode, stdout.trim()], stderr).toEqual([0, 'DONE-from-the-model']);
    expect(stderr).toContain('ChatGPT sign-in of this host; sent to chatgpt.com only');
    const turns = requests.filter(({ kind }) => kind === 'UPGRADE');
    expect(turns.length).toBeGreaterThan(0);
    for (const { host, headers } of turns) {
      expect([host, headers.authorization, headers['chatgpt-account-id']]).toEqual([
        'chatgpt.com',
        `Bearer ${token}`,
        'account-1',
      ]);
    }
    const bodies = JSON.stringify(requests.map(({ body }) => body));
    expect(bodies).toContain('placeholder-the-bundle-has-the-real-one');
    expect(bodies).not.toMatch(/NEEDLE|me@example\.com/);
  });

  it('the token that egress sends follows the host’s sign-in while the bottle runs', async () => {
    const user = await userWith('template: codex, forward_host_credentials: true');
    const exp = Math.floor(Date.now() / 1000) + 86_400;
    const signIn = (serial: number) => {
      const token = jwt({ exp, serial });
      writeFileSync(
        join(user.root, '.codex', 'auth.json'),
        JSON.stringify({ tokens: { access_token: token } }),
      );
      return `Bearer ${token}`;
    };
    mkdirSync(join(user.root, '.codex'));
    const first = signIn(1);
    const stop = api.serve(user);
    api.received();
    const look =
      'for i in 1 2 3 4 5 6 7 8; do curl -s https://chatgpt.com/backend-api/wham/look; sleep 1; done';
    const launch = user.start('launch', ['--agent', 'dev', '--prompt', `RUN: ${look}`, '--timeout', '90s']);
    const sent: (string | undefined)[] = [];
    const collect = () => {
      const looks = api.received().filter(({ path }) => path === '/backend-api/wham/look');
      sent.push(...looks.map(({ headers }) => headers.authorization));
    };
    await launch.saw('probe  ');
    for (collect(); sent.length === 0; collect()) await sleep(200);
    const second = signIn(2);
    const { exitCode, stderr } = await launch.finished;
    stop();
    collect();
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('egress uses the new token');
    expect([sent[0], sent.at(-1)]).toEqual([first, second]);
  });

  it('without a terminal and without a prompt, claude is not started', async () => {
    const user = await userWith('template: claude, credential: { kind: api_key, token_ref: ANTHROPIC_KEY }');
    const { exitCode, stderr } = await user.run('launch', ['--agent', 'dev']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('`claude` needs a terminal')]);
    expect(await user.bottles()).toEqual([]);
  });
});
