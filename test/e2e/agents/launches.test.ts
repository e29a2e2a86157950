import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KIT, type Sandbox, useSandboxes } from '../../support/kit.ts';
import { ModelApi, type ReceivedRequest } from '../../support/model-api/start.ts';
import { HAS_TMUX, Tmux } from '../../support/tmux.ts';

const API_KEY = 'sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyzNEEDLE';

/** Packing a large image for smolvm 0.8.0 takes more than a minute, so by default one agent stands for all. */
const ALL = process.env.BOT_BOTTLE_TEST_ALL_AGENTS === '1';
const LEFT_OUT = ALL ? '' : ' (skipped: only with BOT_BOTTLE_TEST_ALL_AGENTS=1)';

/** A first launch builds the agent's image, pushes it to a registry, and packs it. */
const LAUNCH_TIMEOUT_MS = 240_000;

const NO_TMUX = HAS_TMUX ? '' : ' (skipped: tmux is not installed)';

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
describe('launches', { timeout: 2 * LAUNCH_TIMEOUT_MS }, () => {
  it.runIf(HAS_TMUX)(
    `claude on smolvm 0.8.0 comes to its prompt without a dialog, works with an API key, and leaves nothing behind${NO_TMUX}`,
    async () => {
      const user = await userWith(
        'template: claude, credential: { kind: api_key, token_ref: ANTHROPIC_KEY }',
      );
      api.received();
      const stop = api.serve(user);
      const tmux = new Tmux(user.env);
      try {
        await tmux.start([process.execPath, join(KIT, 'scripts', 'launch.ts'), '--agent', 'dev']);
        const screen = await tmux.shows(/Launch\? \[y\/N\]/, 60_000);
        expect(screen).toContain(
          'Anthropic API key, metered, from ANTHROPIC_KEY; sent to api.anthropic.com only',
        );
        await tmux.keys('y', 'Enter');
        await tmux.shows(/bypass permissions/, LAUNCH_TIMEOUT_MS);
        await tmux.keys('RUN: env; cat ~/.claude.json');
        await tmux.keys('Enter');
        await tmux.shows(/DONE-from-the-model/);
        await tmux.keys('C-c');
        await tmux.keys('C-c');
        await tmux.shows(/the agent exited with code 0[\s\S]*nothing is left/, LAUNCH_TIMEOUT_MS);
      } finally {
        await tmux.end();
        stop();
      }
      const requests = api.received();
      for (const { headers } of requests) {
        expect([headers['x-api-key'], headers.authorization]).toEqual([API_KEY, undefined]);
      }
      const bodies = JSON.stringify(requests.map(({ body }) => body));
      expect(bodies).toContain('hasCompletedOnboarding');
      expect(bodies).not.toContain('NEEDLE');
    },
  );

  it.runIf(ALL)(`pi on smolvm 0.8.0 works with an API key, which only upstream sees${LEFT_OUT}`, async () => {
    const user = await userWith(
      'template: pi, credential: { kind: anthropic_api_key, token_ref: ANTHROPIC_KEY }',
    );
    const { exitCode, stdout, stderr, requests } = await launched(user, '--prompt', 'RUN: env');
    expect([exitCode, stdout.trim()], stderr).toEqual([0, 'DONE-from-the-model']);
    for (const { headers } of requests) expect(headers['x-api-key']).toBe(API_KEY);
    expect(JSON.stringify(requests.map(({ body }) => body))).not.toContain('NEEDLE');
  });

  it('codex works with the ChatGPT sign-in of the host, of which the guest has only the ids, and egress follows it', async () => {
    const user = await userWith('template: codex, forward_host_credentials: true');
    user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${ALL ? '0.8.0' : '1.9.3'}`);
    const account = { chatgpt_account_id: 'account-1', chatgpt_user_id: 'user-1', chatgpt_plan_type: 'pro' };
    const exp = Math.floor(Date.now() / 1000) + 86_400;
    mkdirSync(join(user.root, '.codex'));
    /** Writes the host's sign-in, as Codex does when it refreshes, and returns what upstream must get. */
    const signIn = (serial: number) => {
      const token = jwt({ exp, serial, email: 'me@example.com', 'https://api.openai.com/auth': account });
      const tokens = {
        id_token: token,
        access_token: token,
        refresh_token: 'refresh-NEEDLE',
        account_id: 'account-1',
      };
      writeFileSync(join(user.root, '.codex', 'auth.json'), JSON.stringify({ OPENAI_API_KEY: null, tokens }));
      return `Bearer ${token}`;
    };
    const first = signIn(1);
    const stop = api.serve(user);
    api.received();
    const look =
      'for i in 1 2 3 4 5 6 7 8; do curl -s https://chatgpt.com/backend-api/wham/look; sleep 1; done';
    const prompt = `RUN: env; cat ~/.codex/auth.json; ${look}`;
    const launch = user.start('launch', ['--agent', 'dev', '--prompt', prompt, '--timeout', '90s']);
    const requests: ReceivedRequest[] = [];
    const looks = () => {
      requests.push(...api.received());
      return requests.filter(({ path }) => path === '/backend-api/wham/look');
    };
    await launch.saw('probe  ');
    while (looks().length === 0) await sleep(200);
    const second = signIn(2);
    const { exitCode, stdout, stderr } = await launch.finished;
    stop();
    expect([exitCode, stdout.trim()], stderr).toEqual([0, 'DONE-from-the-model']);
    expect(stderr).toContain('ChatGPT sign-in of this host; sent to chatgpt.com only');
    expect(stderr).toContain('egress uses the new token');
    const sent = looks().map(({ headers }) => headers.authorization);
    expect([sent[0], sent.at(-1)]).toEqual([first, second]);
    const turns = requests.filter(({ kind }) => kind === 'UPGRADE');
    expect(turns.map(({ host, headers }) => [host, headers['chatgpt-account-id']])).toContainEqual([
      'chatgpt.com',
      'account-1',
    ]);
    const bodies = JSON.stringify(requests.map(({ body }) => body));
    expect(bodies).toContain('placeholder-the-bundle-has-the-real-one');
    expect(bodies).not.toMatch(/NEEDLE|me@example\.com/);
  });

  it('without a terminal and without a prompt, claude is not started', async () => {
    const user = await userWith('template: claude, credential: { kind: api_key, token_ref: ANTHROPIC_KEY }');
    const { exitCode, stderr } = await user.run('launch', ['--agent', 'dev']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('`claude` needs a terminal')]);
    expect(await user.bottles()).toEqual([]);
  });
});
