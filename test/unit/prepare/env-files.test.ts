import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { factsOf } from '../../../lib/commands/info/info.ts';
import { planScreen } from '../../../lib/commands/launch/plan-screen.ts';
import { errorOfProblems } from '../../../lib/errors.ts';
import { readFileVariables } from '../../../lib/host/dotenv-file.ts';
import { checkAgent, preflight, resolvedOf } from '../../../lib/prepare/preflight.ts';
import { resolvePlan } from '../../../lib/prepare/resolve-plan.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { FAKE, hostWith, writeFiles } from '../../support/prepare-scene.ts';
import { refusal } from '../../support/refusal.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();
const SECRET = 'needle-in-the-file';

beforeEach(async () => {
  vi.stubEnv('SMOLVM', FAKE);
  vi.stubEnv('BOT_BOTTLE_IMAGE', '');
  vi.stubEnv('NO_COLOR', '1');
  await writeFiles(home.path, {
    'home/agents/dev.md': '---\nbottle: dev\n---\n',
    'cwd/Dockerfile': 'FROM scratch\n',
    'cwd/.env': `export A=${SECRET}\nB="two\nlines" # comment\nEMPTY=\n`,
    'cwd/more.env': `B=${SECRET}\n`,
  });
});

const COMMAND = 'agent_provider: {template: command, dockerfile: Dockerfile, command: [x]}';

async function launch(manifest: readonly string[], envFile?: string) {
  await writeFiles(home.path, { 'home/bottles/dev.md': `---\n${manifest.join('\n')}\n---\n` });
  const choice = { agent: 'dev', bottles: [], cwd: path.join(home.path, 'cwd'), slug: 'dev-00000', envFile };
  const checked = await preflight(choice, hostWith());
  const [first, ...others] = checked.problems;
  const text = first === undefined ? '' : errorText(errorOfProblems([first, ...others]));
  expect(text).not.toContain(SECRET);
  const resolved = resolvedOf(checked);
  return { text, plan: resolved && resolvePlan(resolved), choice };
}

const inCwd = (name: string) => path.join(home.path, 'cwd', name);

describe('env_file', () => {
  it('the plan names the variables of env files and where they are, but holds no value', async () => {
    const { plan, text } = await launch([COMMAND, 'env_file: [.env, more.env]']);
    expect(text).toBe('');
    expect(plan?.environment.files).toEqual({
      A: inCwd('.env'),
      B: inCwd('more.env'),
      EMPTY: inCwd('.env'),
    });
    expect(JSON.stringify(plan)).not.toContain(SECRET);
    expect(await readFileVariables(plan?.environment.files ?? {})).toEqual({
      A: SECRET,
      B: SECRET,
      EMPTY: '',
    });
  });

  it('`env` wins over env files, and the file given at launch over those of the bottle', async () => {
    const { plan } = await launch([COMMAND, 'env_file: .env', 'env: {A: mine}'], 'more.env');
    expect(plan?.environment).toMatchObject({
      literals: { A: 'mine' },
      files: { B: inCwd('more.env'), EMPTY: inCwd('.env') },
    });
    expect(plan?.environment.files).not.toHaveProperty('A');
  });

  it('screen and info show names and files, never values', async () => {
    const { plan, choice } = await launch([COMMAND, 'env_file: .env']);
    const screen = plan && planScreen(plan);
    expect(screen).toContain('A, B, EMPTY  (from ~/cwd/.env)');
    const facts = factsOf(await checkAgent(choice));
    expect(facts.find(({ key }) => key === 'env.A')).toMatchObject({
      value: 'from ~/cwd/.env',
      from: expect.stringMatching(/dev\.md:3$/),
    });
    expect(screen + JSON.stringify(facts)).not.toContain(SECRET);
  });

  it('a bottle’s own env files replace those of its parent, and an empty list clears them', async () => {
    await writeFiles(home.path, { 'home/bottles/base.md': `---\n${COMMAND}\nenv_file: .env\n---\n` });
    expect((await launch(['extends: base'])).plan?.environment.files).toHaveProperty('A');
    expect((await launch(['extends: base', 'env_file: more.env'])).plan?.environment.files).toEqual({
      B: inCwd('more.env'),
    });
    expect((await launch(['extends: base', 'env_file: []'])).plan?.environment.files).toEqual({});
  });

  it.each([
    [
      'a missing file',
      'env_file: none.env',
      /env_file \(\S+dev\.md:3\): the env file \S+none\.env cannot be read/,
    ],
    ['a directory', 'env_file: dir', /dir is not a regular file/],
    ['a FIFO', 'env_file: fifo', /fifo is not a regular file/],
    ['bytes that are not text', 'env_file: latin1', /latin1 is not UTF-8 text/],
    ['an invalid name', 'env_file: names', /names: A-B is not a valid variable name/],
    ['a name that the kit owns', 'env_file: proxy', /proxy: https_proxy is the kit’s/],
    ['a path with a line break', 'env_file: "a\\nb"', /env_file: contains a control character/],
    ['a number', 'env_file: 3', /env_file: must be a string or a list/],
  ])('%s is refused before anything is created', async (_what, line, message) => {
    await mkdir(inCwd('dir'));
    await execa('mkfifo', [inCwd('fifo')]);
    await writeFiles(home.path, {
      'cwd/latin1': '',
      'cwd/names': `A-B=${SECRET}\n`,
      'cwd/proxy': `https_proxy=${SECRET}\n`,
    });
    await execa('sh', ['-c', 'printf "A=\\351" > "$1"', 'sh', inCwd('latin1')]);
    const { text } = await launch([COMMAND, line]);
    expect(text).toMatch(message);
    expect(text).toMatch(/^hint: /m);
  });

  it('a file given at launch that is missing is named as such', async () => {
    expect((await launch([COMMAND], 'none.env')).text).toMatch(/ENV_FILE: the env file \S+ cannot be read/);
  });

  it('an env file cannot bring another credential than the chosen one, but can bring the only one', async () => {
    vi.stubEnv('TOKEN', 'x');
    await writeFiles(home.path, { 'cwd/key.env': `ANTHROPIC_API_KEY=${SECRET}\n` });
    const chosen = await launch([
      'agent_provider: {template: claude, auth_token: TOKEN}',
      'env_file: key.env',
    ]);
    expect(chosen.text).toMatch(/ANTHROPIC_API_KEY \(\S+key\.env\) would give the agent another credential/);
    expect((await launch(['agent_provider: {template: claude}', 'env_file: key.env'])).text).toBe('');
  });

  it('a variable that the file has lost since the launch was confirmed is missed, not left out', async () => {
    const { plan } = await launch([COMMAND, 'env_file: .env']);
    await writeFiles(home.path, { 'cwd/.env': `B=${SECRET}\nEMPTY=\nNEW=${SECRET}\n` });
    expect(await refusal(readFileVariables(plan?.environment.files ?? {}))).toMatch(
      /does not set A any more/,
    );
    await writeFiles(home.path, { 'cwd/.env': `A=1\nB=2\nEMPTY=\nNEW=${SECRET}\n` });
    expect(await readFileVariables(plan?.environment.files ?? {})).not.toHaveProperty('NEW');
  });

  it('a link to an env file is followed, since the operator has made it', async () => {
    await symlink('.env', inCwd('linked'));
    expect((await launch([COMMAND, 'env_file: linked'])).plan?.environment.files).toHaveProperty('A');
  });
});
