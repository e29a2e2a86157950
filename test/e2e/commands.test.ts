import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { engineHolds, KIT, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

/** Runs a script on a terminal of its own (Debian's `script`), typing each answer once its question is shown. */
async function onTerminal(
  user: Sandbox,
  command: readonly string[],
  answers: readonly (readonly [question: string, keys: string])[],
  env: Record<string, string> = {},
): Promise<{ exitCode: number | undefined; shown: string }> {
  const line = [process.execPath, join(KIT, 'scripts', `${command[0]}.ts`), ...command.slice(1)];
  const quoted = line.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const run = execa('script', ['--quiet', '--return', '--command', quoted, '/dev/null'], {
    env: { ...user.env, TERM: 'xterm', ...env },
    extendEnv: false,
    reject: false,
    all: true,
    timeout: 60_000,
  });
  let [shown, next] = ['', 0];
  run.all.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const [question, keys] = answers[next] ?? [];
    if (question === undefined || !shown.includes(question)) return;
    next += 1;
    run.stdin.write(keys);
  });
  const { exitCode } = await run;
  return { exitCode, shown };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the manifest's own spelling
const SECRETIVE = 'env:\n  TICKET: ${TICKET}\n  PIN: ?What is the PIN\n';

describe('a dry run', () => {
  it('shows the screen on stdout, and creates nothing', async () => {
    const user = sandbox();
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'demo', '--dry-run']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/agent {3}demo[\s\S]*routes {2}none/);
    expect(stderr).toContain('nothing was created');
    expect(await user.bottles()).toEqual([]);
    expect(await engineHolds()).toEqual([]);
  });

  it('prints the plan as JSON, without the value of anything', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true'], SECRETIVE);
    const env = { TICKET: 'secret-ticket', BOT_BOTTLE_PROMPTED_PIN: 'secret-pin' };
    const { exitCode, stdout, stderr } = await user.run(
      'launch',
      ['--agent', 'dev', '--dry-run', '--json'],
      env,
    );
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ agent: { name: 'dev', origin: 'home' } });
    expect(stdout + stderr).not.toMatch(/secret-/);
  });

  it('tells everything that stands in the way at once, after the screen', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true'], SECRETIVE);
    const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock', TICKET: undefined };
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'dev', '--dry-run'], env);
    expect(exitCode).toBe(69);
    expect(stdout).toContain('PIN  (asked for at launch)');
    expect(stderr).toMatch(
      /3 things[\s\S]*TICKET is not set[\s\S]*no terminal[\s\S]*no Docker engine answers/,
    );
    expect(await user.bottles()).toEqual([]);
  });

  it('knows claude, and says that launching it is not supported yet', async () => {
    const user = sandbox();
    await user.writeManifest('bottles', 'dev', '---\nsupervise: false\n---\n');
    await user.writeManifest('agents', 'dev', '---\nbottle: dev\n---\n');
    const { exitCode, stdout, stderr } = await user.run('launch', ['--agent', 'dev', '--dry-run']);
    expect(stdout).toContain('claude --dangerously-skip-permissions');
    expect(stderr).toMatch(/agent_provider\.template: not supported yet/);
    expect(exitCode).toBe(65);
  });
});

describe('on a terminal', () => {
  it('a launch that is declined starts nothing', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    const { exitCode, shown } = await onTerminal(
      user,
      ['launch', '--agent', 'dev'],
      [['Launch? [y/N]', 'n\r']],
    );
    expect(exitCode, shown).toBe(0);
    expect(shown).toContain('not launched');
    expect(await user.bottles()).toEqual([]);
    expect(await engineHolds()).toEqual([]);
  });

  it('an answer is asked for without an echo, and Ctrl-C at the question leaves nothing', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true'], 'env:\n  PIN: ?What is the PIN\n  TAN: ?\n');
    const { exitCode, shown } = await onTerminal(
      user,
      ['launch', '--agent', 'dev', '--yes'],
      [
        ['What is the PIN (PIN):', 'secret-pin\r'],
        ['TAN:', '\u0003'],
      ],
    );
    expect(exitCode, shown).toBe(130);
    expect(shown).not.toContain('secret-pin');
    expect(await user.bottles()).toEqual([]);
  });

  it('an agent is picked from a list that typing filters', async () => {
    const user = sandbox();
    await user.writeAgent('develop', ['true']);
    const { exitCode, shown } = await onTerminal(
      user,
      ['launch', '--dry-run'],
      [
        ['develop', 'demo'],
        ['which agent? demo', '\r'],
      ],
    );
    expect(exitCode, shown).toBe(0);
    expect(shown).toMatch(/agent {3}demo/);
  });

  it('init asks, writes both files, and the agent can be shown', async () => {
    const user = sandbox();
    await user.writeAgent('other', ['true']);
    const answers = [
      ['What runs in it?', 'command'],
      ['it? command', '\r'],
      ['Program and arguments', 'node main.mjs\r'],
      ['Dockerfile of its image', '/nowhere/Dockerfile\r'],
      ['Hosts that it may reach', 'a.example\r'],
      ['system prompt', 'Be kind.\r'],
    ] as const;
    const { exitCode, shown } = await onTerminal(
      user,
      ['init', '--agent', 'helper', '--bottle', 'box'],
      answers,
    );
    expect(exitCode, shown).toBe(0);
    expect(await readFile(join(user.home, 'agents', 'helper.md'), 'utf8')).toBe(
      '---\nbottle: box\n---\nBe kind.\n',
    );
    const info = await user.run('info', ['--agent', 'helper', '--json']);
    expect(JSON.parse(info.stdout)).toContainEqual({
      key: 'egress.routes[0]',
      value: 'a.example',
      from: expect.stringMatching(/bottles\/box\.md:\d+$/),
    });
  });
});

describe('without a terminal', () => {
  it('a launch without an agent lists those there are', async () => {
    const { exitCode, stderr } = await sandbox().run('launch');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('Known agents: demo');
  });

  it('init asks nothing and says why', async () => {
    const { exitCode, stderr } = await sandbox().run('init');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('there is no terminal to ask on');
  });

  it('prepare keeps label, colour and bottles, and status shows them', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    await user.writeManifest('bottles', 'more', '---\nenv: {A: b}\n---\n');
    const flags = ['--agent', 'dev', '--bottles', 'dev, more', '--label', 'My Task', '--color', 'red'];
    const { stdout, stderr, exitCode } = await user.run('prepare', flags);
    expect(exitCode, stderr).toBe(0);
    expect(stdout.trim()).toBe('my-task');
    const status = await user.run('status');
    expect(status.stdout).toMatch(/my-task +dev +My Task +kept +prepare/);
    const metadata = await readFile(join(user.home, 'state', 'my-task', 'metadata.json'), 'utf8');
    expect(JSON.parse(metadata)).toMatchObject({
      bottle_names: ['dev', 'more'],
      color: 'red',
      label: 'My Task',
    });
  });

  it('a label that another home’s bottle has on this engine is refused, and that bottle is left alone', async () => {
    const user = sandbox();
    const network = 'bot-bottle-bundle-bk-test-taken';
    await execa('docker', ['network', 'create', '--subnet', '10.213.99.0/29', network]);
    try {
      const { exitCode, stderr } = await user.run('prepare', ['--agent', 'demo', '--label', 'bk test taken']);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`has a network ${network}, which is not this bottle’s`);
      expect(await user.bottles()).toEqual([]);
      expect(await engineHolds()).toEqual([network]);
    } finally {
      await execa('docker', ['network', 'rm', network]);
    }
  });

  it('list shows a broken file without being broken by it', async () => {
    const user = sandbox();
    await user.writeManifest('agents', 'broken', 'no frontmatter\n');
    const { exitCode, stdout } = await user.run('list');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/broken +- +home +broken: line 1:1: has no frontmatter/);
    expect(stdout).toMatch(/demo +demo +example/);
  });
});

describe('edit', () => {
  async function withEditor(user: Sandbox, script: string): Promise<string> {
    await mkdir(user.root, { recursive: true });
    const editor = join(user.root, 'editor');
    await writeFile(editor, `#!/bin/sh\n${script}\n`);
    await chmod(editor, 0o755);
    return editor;
  }

  it('opens the agent’s file in EDITOR and says that it is in order', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    const EDITOR = await withEditor(user, 'echo "And be brief." >> "$1"');
    const { exitCode, stderr } = await user.run('edit', ['--agent', 'dev'], { EDITOR });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('is in order');
    expect(await readFile(join(user.home, 'agents', 'dev.md'), 'utf8')).toMatch(/And be brief\.\n$/);
  });

  it('shows what is wrong afterwards, and offers to go back in', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    // The first time it breaks the file, the second time it mends it.
    const EDITOR = await withEditor(
      user,
      'if grep -q botle "$1"; then sed -i s/botle/bottle/ "$1"; else sed -i s/bottle/botle/ "$1"; fi',
    );
    const headless = await user.run('edit', ['--agent', 'dev'], { EDITOR });
    expect(headless.exitCode).toBe(65);
    expect(headless.stderr).toMatch(/unknown key `botle`; did you mean `bottle`/);
    await user.run('edit', ['--agent', 'dev'], { EDITOR });
    const { exitCode, shown } = await onTerminal(
      user,
      ['edit', '--agent', 'dev'],
      [['Edit it again? [Y/n]', '\r']],
      { EDITOR },
    );
    expect(shown).toMatch(/unknown key `botle`[\s\S]*is in order/);
    expect(exitCode).toBe(0);
  });
});
