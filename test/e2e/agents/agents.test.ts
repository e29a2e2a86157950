import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineHolds, KIT, type Sandbox, useSandboxes } from '../../support/kit.ts';
import { ModelApi } from '../../support/model-api/start.ts';
import { HAS_TMUX, Tmux } from '../../support/tmux.ts';

/** Real tokens, as far as the bottle is concerned. None may be found in a guest. */
const TOKENS = {
  CLAUDE_TOKEN: 'sk-ant-oat01-0123456789abcdefghijklmnopqrstuvwxyzNEEDLE',
  ANTHROPIC_KEY: 'sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyzNEEDLE',
  OPENAI_KEY: 'sk-proj-0123456789abcdefghijklmnopqrstuvwxyzNEEDLE',
  GEMINI_KEY: 'AIzaSy0123456789abcdefghijklmnopqrNEEDLE',
};

interface Agent {
  provider: string;
  host: string;
  /** What upstream must receive. */
  header: string;
  value: string;
  /** Name under which the model calls the tool of the MCP server. */
  tool: string;
  /** Name under which the model asks the person for a route, where the agent knows the server of supervise. */
  asks?: string;
  /** Shown once the agent awaits a prompt, and the keys that end it. */
  terminal?: { ready: RegExp; leave: string[] };
  /** Whether it can continue a session. The example of an operator's own provider cannot, and is tried less. */
  resumes: boolean;
}

/** Otherwise pi runs once, since it has the same tests as the others, and the example of an operator's own provider not at all. */
const ALL = process.env.BOT_BOTTLE_TEST_ALL_AGENTS === '1';

const AGENTS: Readonly<Record<string, Agent>> = {
  claude: {
    provider: 'template: claude, auth_token: CLAUDE_TOKEN',
    host: 'api.anthropic.com',
    header: 'authorization',
    value: `Bearer ${TOKENS.CLAUDE_TOKEN}`,
    tool: 'mcp__docs__lookup',
    asks: 'mcp__supervise__allow',
    terminal: { ready: /❯|bypass permissions/, leave: ['C-c', 'C-c'] },
    resumes: true,
  },
  codex: {
    provider: 'template: codex, credential: { kind: api_key, token_ref: OPENAI_KEY }',
    host: 'api.openai.com',
    header: 'authorization',
    value: `Bearer ${TOKENS.OPENAI_KEY}`,
    tool: 'mcp__docs__lookup',
    asks: 'mcp__supervise__allow',
    terminal: { ready: /›|OpenAI Codex/, leave: ['C-c', 'C-c'] },
    resumes: true,
  },
  pi: {
    provider: 'template: pi, credential: { kind: anthropic_api_key, token_ref: ANTHROPIC_KEY }',
    host: 'api.anthropic.com',
    header: 'x-api-key',
    value: TOKENS.ANTHROPIC_KEY,
    tool: 'mcp__docs__lookup',
    ...(ALL ? { terminal: { ready: /\(auto\)/, leave: ['C-d'] } } : {}),
    resumes: ALL,
  },
  // The example of an operator's own provider.
  gemini: {
    provider: 'template: gemini, credential: { kind: api_key, token_ref: GEMINI_KEY }',
    host: 'generativelanguage.googleapis.com',
    header: 'x-goog-api-key',
    value: TOKENS.GEMINI_KEY,
    tool: 'mcp_docs_lookup',
    resumes: false,
  },
};

const PLACEHOLDER = 'placeholder-the-bundle-has-the-real-one';

const sandbox = useSandboxes();
const api = new ModelApi();
beforeAll(() => api.start());
afterAll(() => api.stop());

async function userOf(name: string, version: string): Promise<Sandbox> {
  const user = sandbox();
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
  Object.assign(user.env, TOKENS, { NODE_EXTRA_CA_CERTS: api.roots });
  const servers = 'mcp_servers: { docs: "https://mcp.example.com/mcp" }';
  const bottle = `agent_provider: { ${AGENTS[name]?.provider}, ${servers} }\negress: { learn: true, routes: [{ host: mcp.example.com }] }`;
  await user.writeManifest('bottles', name, `---\n${bottle}\n---\n`);
  await user.writeManifest(
    'agents',
    name,
    `---\nbottle: ${name}\nskills: [review]\n---\nYou are PROMPT-MARK.\n`,
  );
  const skill = join(user.home, 'skills', 'review');
  mkdirSync(skill, { recursive: true });
  writeFileSync(
    join(skill, 'SKILL.md'),
    '---\nname: review\ndescription: SKILL-MARK reviews.\n---\nRead twice.\n',
  );
  cpSync(join(KIT, 'fixtures', 'providers', 'gemini'), join(user.home, 'contrib', 'gemini'), {
    recursive: true,
  });
  return user;
}

const isLeftOut = (name: string) => (name === 'gemini' || name === 'pi') && !ALL;
const reason = (name: string) =>
  isLeftOut(name) ? ' (skipped: only with BOT_BOTTLE_TEST_ALL_AGENTS=1)' : '';
const NO_TMUX = HAS_TMUX ? '' : ' (skipped: tmux is not installed)';

for (const [name, { host, header, value, tool, asks, terminal, resumes }] of Object.entries(AGENTS)) {
  describe.skipIf(isLeftOut(name))(`${name} in a bottle${reason(name)}`, () => {
    let user: Sandbox;
    let slug = '';
    let stop = () => {};

    beforeAll(async () => {
      user = await userOf(name, '1.9.3');
      stop = api.serve(user);
      slug = (await user.run('prepare', ['--agent', name])).stdout.trim();
      const up = await user.run('up', ['--bottle', slug]);
      expect(up.exitCode, up.stderr).toBe(0);
    });
    afterAll(async () => {
      await user.run('teardown', ['--bottle', slug]);
      stop();
      expect((await engineHolds()).filter((one) => one.includes(slug))).toEqual([]);
    });

    const attach = (prompt: string, ...more: string[]) =>
      user.run('attach', ['--bottle', slug, '--prompt', prompt, '--timeout', '90s', ...more]);

    /** Runs a script in the guest as root, with `input`. */
    const inGuest = (script: string, input: string) =>
      execa(
        user.smolvm,
        ['machine', 'exec', '--name', `bot-bottle-${slug}`, '-i', '--', 'sh', '-c', script],
        {
          ...{ env: user.env, extendEnv: false, reject: false, input },
        },
      );

    /** Files of the kit with one of the real tokens. */
    const needlesOnHost = async () =>
      (await execa('grep', ['-rlsF', 'NEEDLE', user.home], { reject: false })).stdout;

    it('a headless session runs its tools, and upstream sees only the real credential', async () => {
      api.received();
      const { exitCode, stdout, stderr } = await attach('RUN: echo written > proof.txt; id -un >> proof.txt');
      expect([exitCode, stdout], stderr).toEqual([0, expect.stringContaining('DONE-from-the-model')]);
      expect((await inGuest('cat /home/node/proof.txt', '')).stdout).toBe('written\nnode');
      const requests = api.received();
      expect(requests.length).toBeGreaterThan(1);
      for (const request of requests.filter((one) => one.host === host)) {
        expect(request.headers[header]).toBe(value);
        expect(JSON.stringify(request)).not.toContain(PLACEHOLDER);
      }
      const bodies = JSON.stringify(requests.map(({ body }) => body));
      expect(bodies).toContain('PROMPT-MARK');
      expect(bodies).toContain('SKILL-MARK');
    });

    if (resumes) {
      it('a refusal of egress reaches the agent, with its reason', async () => {
        api.received();
        const { exitCode, stderr } = await attach(
          'RUN: curl --silent --show-error http://unlisted.example.com/',
        );
        expect(exitCode, stderr).toBe(0);
        expect(JSON.stringify(api.received().map(({ body }) => body))).toContain('(host-unlisted)');
      });
    }

    it('the agent calls a tool of an MCP server behind egress', async () => {
      api.received();
      const { exitCode, stderr } = await attach(`MCP: ${tool}`);
      expect(exitCode, stderr).toBe(0);
      const calls = api.received().filter(({ body }) => body.method === 'tools/call');
      expect(calls.map(({ host: of, body }) => [of, body.params.name])).toEqual([
        ['mcp.example.com', 'lookup'],
      ]);
    });

    if (asks !== undefined) {
      it('the agent asks a person for a route, is told that it is approved, and its next request passes', async () => {
        api.received();
        const asked = { host: 'wanted.example.com', methods: ['GET'], reason: 'To read it.' };
        const asking = attach(`MCP: ${asks} ${JSON.stringify(asked)}`);
        const pending = async () => {
          const { stdout } = await user.run('supervise', ['--bottle', slug, '--once', '--json']);
          return stdout.trim() === '' ? undefined : JSON.parse(stdout);
        };
        await expect
          .poll(pending, { timeout: 60_000 })
          .toMatchObject({ request: { kind: 'allow', ...asked } });
        const { id } = await pending();
        const approved = await user.run('approve', ['--bottle', slug, '--id', id, '--uses', '1']);
        expect(approved.exitCode, approved.stderr).toBe(0);
        const { exitCode, stdout, stderr } = await asking;
        expect([exitCode, stdout], stderr).toEqual([0, expect.stringContaining('DONE-from-the-model')]);
        expect(stderr).toContain('the agent asks (allow): GET wanted.example.com');
        const told = JSON.stringify(api.received().map(({ body }) => body));
        expect(told).toMatch(/It is in force, as generation \d/);
        const curl = ['curl', '--silent', 'https://wanted.example.com/here'];
        await user.run('exec', ['--bottle', slug, '--', ...curl]);
        expect(api.received().map(({ host: of, path }) => [of, path])).toEqual([
          ['wanted.example.com', '/here'],
        ]);
      });
    }

    if (resumes) {
      it('the stream of events is JSON, and nothing else is on standard output', async () => {
        const { exitCode, stdout, stderr } = await attach('Say something.', '--format', 'json');
        expect(exitCode, stderr).toBe(0);
        const lines = stdout.trim().split('\n');
        expect(lines.length).toBeGreaterThan(1);
        for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
        expect(stdout).toContain('PONG-from-the-model');
      });
    }

    if (name === 'claude') {
      it('telemetry to the allowed host is refused, even if the agent sends it', async () => {
        api.received();
        const { exitCode, stderr } = await attach(
          'RUN: curl --silent --data {} https://api.anthropic.com/api/event_logging/v2/batch',
        );
        expect(exitCode, stderr).toBe(0);
        const requests = api.received();
        expect(requests.some(({ path }) => path.includes('event_logging'))).toBe(false);
        expect(JSON.stringify(requests.map(({ body }) => body))).toMatch(/refused this request \(/);
      });
    }

    if (resumes) {
      it('a later session continues the last one', async () => {
        await attach('This is MARK-of-the-first.');
        api.received();
        await attach('This is MARK-of-the-second.', '--resume');
        const bodies = JSON.stringify(api.received().map(({ body }) => body));
        expect(bodies).toContain('MARK-of-the-first');
        expect(bodies).toContain('MARK-of-the-second');
      });
    }

    if (terminal !== undefined) {
      it.runIf(HAS_TMUX)(
        `a session on a terminal starts at the agent's prompt, without a dialog${NO_TMUX}`,
        async () => {
          const { ready, leave } = terminal;
          const tmux = new Tmux(user.env);
          try {
            await tmux.start([process.execPath, join(KIT, 'scripts', 'attach.ts'), '--bottle', slug]);
            await tmux.shows(ready);
            await tmux.keys('What is there');
            await tmux.shows(/What is there/);
            await tmux.keys('Enter');
            await tmux.shows(/PONG-from-the-model/);
            for (const key of leave) {
              await tmux.keys(key);
              await sleep(500);
            }
            await tmux.shows(/Pane is dead \(status 0\)|the agent exited with code 0/);
          } finally {
            await tmux.end();
          }
        },
      );
    }

    it('the token is nowhere in the guest, nor in the state and the logs on the host', async () => {
      const folders = '/dev/shm /etc /home /opt /root /run /srv /tmp /var';
      const search = async (needles: string) => [
        (await inGuest(`grep -rlsF -f - ${folders}`, needles)).stdout,
        (await inGuest('grep -lsF -f - /proc/[0-9]*/environ', needles)).stdout,
      ];
      // Both searches find what is there: the agent's variables and the machine's.
      expect(await search('PATH=')).toEqual([
        expect.stringContaining('/'),
        expect.stringContaining('/proc/'),
      ]);
      expect(await search(Object.values(TOKENS).join('\n'))).toEqual(['', '']);
      expect(await needlesOnHost()).toBe('');
    });

    // It takes three launches' time, and differs between agents in what unit tests see.
    if (resumes && (ALL || name === 'claude')) {
      it('the conversation outlives its guest, and the transcript has it before and after', async () => {
        await attach('This is MARK-before-the-end.');
        const live = await user.run('transcript', ['--bottle', slug]);
        expect(live.stdout, live.stderr).toContain('MARK-before-the-end');
        const stopped = await user.run('stop', ['--bottle', slug]);
        expect(stopped.exitCode, stopped.stderr).toBe(0);
        const kept = await user.run('transcript', ['--bottle', slug]);
        expect(kept.stdout, kept.stderr).toBe(live.stdout);
        api.received();
        const refused = 'http://unlisted.example.com/after';
        const prompt = ['--prompt', `RUN: curl --silent --show-error ${refused}`, '--timeout', '90s'];
        const { exitCode, stderr } = await user.run('resume', ['--bottle', slug, '--yes', ...prompt]);
        expect(exitCode, stderr).toBe(0);
        expect(stderr).not.toContain('the transcript was not');
        const bodies = JSON.stringify(api.received().map(({ body }) => body));
        expect(bodies).toContain('MARK-before-the-end');
        expect(bodies).toContain(refused);
        // The bottle learns, so that its state stays.
        const { stdout } = await user.run('transcript', ['--bottle', slug]);
        const order = [/user .*MARK-before-the-end/, /user .*RUN: curl/, /calls .*unlisted/];
        const lines = stdout.split('\n');
        const found = [...order, /denied .*unlisted\.example\.com/, /agent .*DONE-from-the-model/].map(
          (text) => lines.findLastIndex((line) => text.test(line)),
        );
        expect(found, stdout).toEqual(found.toSorted((one, other) => one - other));
        expect(found[0], stdout).toBeGreaterThanOrEqual(0);
        expect(await needlesOnHost()).toBe('');
      });
    }
  });
}
