import { symlink } from 'node:fs/promises';
import { beforeEach, expect, it, vi } from 'vitest';
import { factsOf } from '../../../lib/commands/info/info.ts';
import { planScreen } from '../../../lib/commands/launch/plan-screen.ts';
import { describeAgents, describeBottles } from '../../../lib/commands/list/describe-manifests.ts';
import { manifestTables } from '../../../lib/commands/list/manifest-tables.ts';
import type { BottleStatus } from '../../../lib/commands/status/status.ts';
import { statusTable } from '../../../lib/commands/status/status-table.ts';
import { BottleError, errorOfProblems } from '../../../lib/errors.ts';
import { manifestSources } from '../../../lib/manifest/sources.ts';
import { checkAgent, resolvedOf } from '../../../lib/prepare/preflight.ts';
import { resolvePlan } from '../../../lib/prepare/resolve-plan.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { columns } from '../../../lib/terminal/output.ts';
import { check, FAKE, smolvmOf, writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

const BASE = `---
agent_provider: {template: claude, auth_token: CLAUDE_TOKEN}
env:
  LANGUAGE: en
  TICKET: \${TICKET}
supervise: false
---
What every bottle has.
`;
const DEV = `---
extends: base
env:
  LANGUAGE: de
  TOKEN: \${GH_TOKEN}
  PIN: ?What is the PIN
git-gate:
  user: {name: Dev}
  repos:
    kit:
      url: ssh://git@git.example.com:2222/kit.git
      host_key: ssh-ed25519 AAAA
      key: {provider: static, path: ~/.ssh/kit}
      push: {branches: ["agent/*", wip], create: false, force: true}
    docs:
      url: ssh://git@git.example.com/docs.git
      host_key: ssh-ed25519 AAAA
      key: {provider: static, path: ~/.ssh/kit}
      push: false
    site:
      url: https://git.example.com/site.git
      key: {provider: token, token_ref: GH_TOKEN}
    tool:
      url: ssh://git@github.com/team/tool.git
      host_key: ssh-ed25519 AAAA
      key: {provider: github, token_ref: GH_TOKEN}
egress:
  routes:
    - host: api.github.com
      auth: {scheme: Bearer, token_ref: GH_TOKEN}
    - host: maps.example.com
      auth: {query: key, token_ref: GH_TOKEN}
      matches: [{paths: [{value: /v1}, {value: /v2}]}, {methods: [HEAD]}]
    - host: maps.example.com
    - host: nas.lan
      port: 8443
      private: true
---
For work on the kit.
`;

beforeEach(async () => {
  vi.stubEnv('SMOLVM', FAKE);
  vi.stubEnv('BOT_BOTTLE_IMAGE', '');
  vi.stubEnv('NO_COLOR', '1');
  await writeFiles(home.path, {
    'home/bottles/base.md': BASE,
    'home/bottles/dev.md': DEV,
    'home/agents/dev.md':
      '---\nbottle: dev\nskills: [review, plan]\ndescription: Works on the kit\n---\nBe brief.\nBe kind.\n',
    'home/agents/broken.md': '---\nbottle: [\n---\n',
    'cwd/.bot-bottle/agents/helper.md': '---\n{}\n---\nOf the repository.\n',
    'home/skills/review/SKILL.md': '',
    'home/skills/plan/SKILL.md': '',
    '.ssh/kit': 'a key',
  });
});

const shown = (text: string) => `${text.replaceAll(process.cwd(), 'KIT').replaceAll(home.path, '~')}\n`;

it('the launch screen shows what the bottle may reach and hold, but no values', async () => {
  for (const name of ['TICKET', 'GH_TOKEN', 'CLAUDE_TOKEN']) vi.stubEnv(name, 'secret-value');
  await smolvmOf(home.path, 'smolvm 1.0.0');
  const resolved = resolvedOf(await check(home.path, 'dev'));
  if (resolved === undefined) throw new Error('nothing was resolved');
  const text = planScreen(resolvePlan(resolved));
  expect(text).not.toContain('secret-value');
  await expect(shown(text)).toMatchFileSnapshot('golden/screen.txt');
});

it('the launch screen fits the terminal, however long its values', async () => {
  for (const name of ['TICKET', 'GH_TOKEN', 'CLAUDE_TOKEN']) vi.stubEnv(name, 'x');
  const resolved = resolvedOf(await check(home.path, 'dev'));
  if (resolved === undefined) throw new Error('nothing was resolved');
  const plan = resolvePlan(resolved);
  const long = Array.from({ length: 40 }, (_, index) => [`VARIABLE_${index}`, ''] as const);
  const environment = { ...plan.environment, literals: Object.fromEntries(long) };
  const provider = { ...plan.provider, command: ['run', 'a b', '', 'x'.repeat(300), '\u001b[2J'] };
  for (const width of [60, 80, 120]) {
    const lines = planScreen({ ...plan, environment, provider }, width).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    const text = lines.map((line) => line.trim()).join(' ');
    expect(text.match(/VARIABLE_\d+/g)).toHaveLength(40);
    expect(text).toContain('run "a b" ""');
    expect(text).not.toContain('\u001b');
    // Continued values are indented below the value, not the key.
    expect(lines.filter((line) => !line.startsWith('          ')).length).toBe(12);
  }
});

it('the launch screen says when nobody will be asked', async () => {
  for (const name of ['TICKET', 'GH_TOKEN', 'CLAUDE_TOKEN']) vi.stubEnv(name, 'x');
  const resolved = resolvedOf(await check(home.path, 'dev'));
  if (resolved === undefined) throw new Error('nothing was resolved');
  const plan = resolvePlan(resolved);
  expect(planScreen(plan)).not.toContain('asks');
  expect(planScreen({ ...plan, superviseMode: 'deny' })).toMatch(
    /asks +nobody: what it asks for is refused at once/,
  );
});

it('a table stays aligned with characters that are two columns wide', () => {
  expect(
    columns([
      ['日本', 'x'],
      ['ab', 'y'],
    ]),
  ).toBe('日本  x\nab    y');
});

it('error messages contain no control characters', () => {
  const problem = new BottleError('manifest-invalid', 'no \u001b[31mfile\nnext \u009b line', {
    hint: 'a\u202eb',
  });
  const text = errorText(errorOfProblems([problem, problem]));
  expect(text).toContain('no ·[31mfile\n     next · line');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test checks for them
  expect(text).not.toMatch(/[\u001b\u009b\u202e]/);
});

it('info shows each effective value and its origin', async () => {
  const choice = { agent: 'dev', bottles: [], cwd: `${home.path}/cwd`, slug: 'dev-00000' };
  const facts = factsOf(await checkAgent(choice));
  const text = columns(
    facts.map(({ key, value, from }) => [key, value.replaceAll(process.cwd(), 'KIT'), from]),
  );
  await expect(shown(text)).toMatchFileSnapshot('golden/info.txt');
});

it('list shows agents and bottles with descriptions, and marks unreadable ones', async () => {
  const sources = { ...manifestSources(`${home.path}/cwd`), examples: `${home.path}/none` };
  const text = manifestTables(await describeAgents(sources), await describeBottles(sources));
  await expect(shown(text)).toMatchFileSnapshot('golden/list.txt');
});

it('list does not read a file outside the repository through a symbolic link', async () => {
  await writeFiles(home.path, { 'private.md': '---\n{}\n---\nhunter2\n' });
  await symlink('../../../private.md', `${home.path}/cwd/.bot-bottle/agents/theirs.md`);
  const agents = await describeAgents(manifestSources(`${home.path}/cwd`));
  expect(agents.find(({ name }) => name === 'theirs')).toMatchObject({
    isBroken: true,
    description: expect.stringContaining('leads outside'),
  });
  expect(JSON.stringify(agents)).not.toContain('hunter2');
});

const UP: BottleStatus = {
  slug: 'my-task',
  agent: 'dev',
  label: 'My Task',
  color: 'red',
  parent: '',
  since: '2026-07-01T12:00:00.000Z',
  state: 'launching',
  phase: 'probe',
  daemons: { selftest: 'ready', egress: 'failed' },
  ports: '127.0.0.16:32769->9099/tcp',
  acquired: 3,
  sessions: ['agent (detached)', 'shell'],
  memory: 301_000_000,
  disk: 2.5 * 1024 ** 3,
};
const KEPT: BottleStatus = {
  ...{
    slug: 'demo-1a2b3',
    agent: 'demo',
    label: '',
    color: '',
    parent: '',
    since: '2026-06-30T08:15:30.123Z',
  },
  ...{ state: 'kept', phase: 'attach', daemons: {}, ports: '', acquired: 0 },
  ...{ sessions: [], memory: null, disk: 81_920 },
};

it('status shows labels, start times and unhealthy daemons', async () => {
  await expect(shown(statusTable([KEPT, UP]))).toMatchFileSnapshot('golden/status.txt');
  expect(statusTable([])).toBe('no bottles');
});

it('status colors only the label', () => {
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('FORCE_COLOR', '1');
  const [, line = ''] = statusTable([{ ...UP, slug: 'my-task', label: 'my' }]).split('\n');
  expect(line).toMatch(/^my-task {2}dev {4}/);
  expect(line).toContain('\u001b[31mmy\u001b[39m');
});
