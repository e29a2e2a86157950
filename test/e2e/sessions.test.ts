import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { socketDirectory } from '../../lib/bottle/socket-directory.ts';
import { type Finished, KIT, useSandboxes } from '../support/kit.ts';
import { scriptOnTerminal } from '../support/script-on-terminal.ts';
import { HAS_TMUX, Tmux } from '../support/tmux.ts';
import { TYPING_AGENT } from '../support/typing-agent.ts';

const sandbox = useSandboxes();
const script = (name: string, ...args: string[]) => [
  process.execPath,
  join(KIT, 'scripts', `${name}.ts`),
  ...args,
];

const BY_A_LAUNCH = 'launched without a terminal';
const BY_HAND = 'brought up by hand';

// A session goes on without a terminal all the while.
describe.each([
  ['0.8.0', BY_A_LAUNCH],
  ['1.9.3', BY_HAND],
])('sessions with smolvm %s in a bottle that was %s', (version, way) => {
  const user = sandbox();
  const terminals: Tmux[] = [];
  const slug = 'my-task';

  /** A terminal on which a script of the kit runs for the bottle, and then shows `status N`. */
  async function terminalWith(name: string, ...args: string[]): Promise<Tmux> {
    const terminal = new Tmux(user.env);
    terminals.push(terminal);
    await terminal.start([
      'sh',
      '-c',
      '"$@"; echo "status $?"; exec sleep 100',
      'sh',
      ...script(name, '--bottle', slug, ...args),
    ]);
    return terminal;
  }

  beforeAll(async () => {
    user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
    await user.writeAgent('typist', TYPING_AGENT);
    const choice = ['--agent', 'typist', '--label', 'My Task', '--color', 'red'];
    const started =
      way === BY_HAND ? await byHand(choice) : await user.run('launch', [...choice, '--detach']);
    expect(started.exitCode, started.stderr).toBe(0);
    expect(started.stderr).toContain('make attach BOTTLE=my-task');
  });

  async function byHand(choice: readonly string[]): Promise<Finished> {
    await user.run('prepare', [...choice, '--quiet']);
    await user.run('up', ['--bottle', slug]);
    return user.run('attach', ['--bottle', slug, '--detach']);
  }

  afterAll(async () => {
    for (const terminal of terminals) await terminal.end();
    await user.run('teardown', ['--bottle', slug]);
  });

  it('keys reach the agent as bytes, what it prints is filtered, and the terminal is restored', async () => {
    const { exitCode, shown } = await scriptOnTerminal(
      user,
      ['attach', '--bottle', slug, '--new', '--quiet'],
      [
        ['size 80x24', '\u001b[200~paste\u001b[201~'],
        ['got 1b5b3230307e70617374651b5b3230317e', '\u0003'],
        ['got 03', '\u001a'],
        ['got 1a', '\u001c'],
        ['got 1c', 'f'],
        ['filtered', 'a'],
        ['other screen', 'q'],
      ],
      { COLORTERM: 'truecolor', TERM: 'xterm-unheard-of' },
    );
    expect(exitCode, shown).toBe(3);
    expect(shown).toContain('xterm-256color truecolor');
    expect(shown).not.toMatch(/stolen|\]52|\[21t|tmux;/);
    expect(shown).toContain('\u001b[22;2t\u001b]2;My Task (typist)\u001b\\\u001b]12;#cd0000\u001b\\');
    expect(shown.trimEnd().slice(shown.indexOf('\u001b[?1049l'))).toMatch(/\]112.*\[23;2t$/s);
    for (const restored of ['[?1000l', '[?25h', '[?2004l', '[r', '[0m'])
      expect(shown).toContain(`\u001b${restored}`);
  });

  it('exec passes input, output and the exit code, and is not held by a background child', async () => {
    const exec = (...args: string[]) => user.run('exec', ['--bottle', slug, ...args]);
    expect(await exec('--', 'sh', '-c', 'sleep 100 & echo "$1"; echo no >&2; exit 4', 'sh', 'a b')).toEqual({
      ...{ exitCode: 4, stdout: 'a b\n', stderr: 'no\n' },
    });
    expect(await exec('--command', 'id -un; kill -TERM $$')).toMatchObject({
      exitCode: 143,
      stdout: 'node\n',
    });
    expect(await exec()).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no command was given'),
    });
  });

  it.runIf(HAS_TMUX)(
    'a session goes on without a terminal, and is joined from one after the other',
    async () => {
      const printed = async () => (await user.run('logs', ['--bottle', slug, '--agent-output'])).stdout;
      // Whoever joins earlier gives it another size before it has looked.
      await vi.waitFor(async () => expect(await printed()).toContain('size 80x24'), { timeout: 20_000 });
      const first = await terminalWith('attach');
      await first.shows(/size 80x24.*size 120x40/s);
      await first.resize(100, 30);
      await first.shows(/size 100x30/);
      await first.keys('x');
      await first.shows(/got 78/);
      const status = await user.run('status', ['--json']);
      expect(JSON.parse(status.stdout)[0]).toMatchObject({ sessions: ['agent (detached)'], slug });
      expect(JSON.parse(status.stdout)[0].memory).toBeGreaterThan(1e6);
      expect(JSON.parse(status.stdout)[0].disk).toBeGreaterThan(1e4);
      // One terminal at a time: a second one starts a session of its own.
      const other = await terminalWith('attach');
      await other.shows(/^size 120x40/m);
      expect(await other.screen()).not.toContain('got 78');
      await other.keys('q');
      await other.shows(/status 3\n/);

      await first.keys('C-]', 'C-]');
      await first.shows(/left the session.*status 0\n/s);
      const second = await terminalWith('attach');
      await second.shows(/size 80x24.*got 78.*size 120x40/s);
      expect(await printed()).toMatch(/^[ -~\n]*got 78\n[ -~\n]*$/);
      // Closing the terminal does not end the session either.
      await second.end();
    },
  );

  it.runIf(HAS_TMUX)(
    'stop ends all sessions, restores their terminals, and takes the bottle down',
    async () => {
      const joined = await terminalWith('attach');
      await joined.shows(/got 78/);
      const agent = await terminalWith('attach');
      await agent.shows(/^size 120x40/m);
      await agent.keys('a');
      await agent.shows(/other screen/);
      expect(await agent.modes()).toEqual({ otherScreen: true, cursor: false, mouse: true });
      const shell = await terminalWith('shell');
      await shell.keys('echo $((40 + 2)) $(id -un)', 'Enter');
      await shell.shows(/42 node/);
      const stopped = await user.run('stop', ['--bottle', slug]);
      expect([stopped.exitCode, stopped.stderr]).toEqual([
        0,
        expect.stringContaining('ending agent (detached), agent, shell'),
      ]);
      await joined.shows(/got 78.*status 143\n/s);
      await shell.shows(/status 143\n/);
      await agent.shows(/size 120x40.*status 143\n/s);
      expect(await agent.modes()).toEqual({ otherScreen: false, cursor: true, mouse: false });
      expect(await user.machines()).toEqual([]);
      expect(await user.bottles()).toEqual([slug]);
      const exec = await user.run('exec', ['--bottle', slug, '--', 'true']);
      expect(exec.stderr).toContain('is not up');
      vi.stubEnv('BOT_BOTTLE_HOME', user.home);
      expect(existsSync(socketDirectory(slug))).toBe(false);
      if (way === BY_HAND) return;
      const holder = await readFile(join(user.home, 'state', slug, 'sessions', 'holder.log'), 'utf8');
      expect(holder).toMatch(/taking everything down.*the bottle's state was kept/s);
    },
  );
});

describe('a launch', () => {
  it('takes its bottle down when the last of its sessions has ended', async () => {
    const user = sandbox();
    await user.writeAgent('echo', ['sh', '-c', 'touch started; while [ ! -e end ]; do sleep 0.1; done']);
    const launch = user.start('launch', ['--agent', 'echo', '--prompt', 'x']);
    await launch.saw('✓ probe');
    const [slug = ''] = await user.bottles();
    const exec = user.start('exec', [
      ...['--bottle', slug, '--command'],
      'until [ -e started ]; do sleep 0.1; done; touch end; sleep 2; echo done',
    ]);
    await launch.saw('waiting for other sessions of the bottle: exec');
    expect((await exec.finished).stdout).toBe('done\n');
    expect((await launch.finished).exitCode).toBe(0);
    expect(await user.bottles()).toEqual([]);
  });
});
