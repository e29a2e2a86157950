import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { named } from '../support/contract/grammar.ts';
import { Home, SMOLVM } from '../support/contract/smolvm.ts';
import { atLeast } from '../support/contract/version.ts';

const later = atLeast('1.8.0')
  ? ['--not-yet']
  : atLeast('1.6.4')
    ? ['--label', 'a=b']
    : ['--mount-socket', '/a:/b'];

describe('smolvm command line', () => {
  let home: Home;
  beforeAll(() => {
    home = new Home();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('--version and -V print one line', async () => {
    for (const flag of ['--version', '-V']) {
      const { code, stdout } = await home.run([flag]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^smolvm \d+\.\d+\.\d+\n$/),
      });
    }
  });

  it('--help prints to stdout and lists the subcommands', async () => {
    expect(await home.ok('--help')).toMatch(/machine[\s\S]*pack/);
    const help = await home.ok('machine', '--help');
    for (const verb of [
      'create',
      'start',
      'stop',
      'delete',
      'status',
      'ls',
      'exec',
      'shell',
      'cp',
      'data-dir',
    ]) {
      expect(help).toContain(verb);
    }
    expect(await home.ok('machine', 'create', '--help')).toContain('--allow-cidr');
  });

  it.each([
    ['an unknown subcommand', ['container']],
    ['an unknown flag', ['machine', 'ls', '--nope']],
    ['a missing subcommand', ['machine']],
    ['a missing required option', ['pack', 'create', '--image', 'x']],
    ['exec without a command', ['machine', 'exec']],
    [
      "another version's way to pass a name",
      ['machine', 'create', ...(atLeast('1.0.2') ? ['x'] : ['--name', 'x'])],
    ],
    ['a name twice', ['machine', 'create', ...named('x'), ...named('y')]],
    ['a flag of a later version', ['machine', 'create', ...named('x'), ...later]],
    ['-n on exec', ['machine', 'exec', '-n', 'x', '--', 'true']],
    ['a bad CIDR', ['machine', 'create', ...named('x'), '--allow-cidr', '10.0.0.0/33']],
    ['--from with --image', ['machine', 'create', ...named('x'), '--from', 'a', '--image', 'b']],
    ['a bare number as timeout', ['machine', 'exec', '--timeout', '30', '--', 'true']],
    ['a zero timeout', ['machine', 'exec', '--timeout', '0s', '--', 'true']],
  ])('smolvm refuses %s with exit code 2 and a message on stderr', async (_, args) => {
    const { code, stdout, stderr } = await home.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  it('the error for a malformed CIDR quotes it and names the expected format', async () => {
    const { stderr } = await home.run(['machine', 'create', ...named('x'), '--allow-cidr', 'hello']);
    expect(stderr).toContain("invalid CIDR 'hello': expected format like 10.0.0.0/8 or 1.1.1.1");
  });

  it('vm, list and rm are aliases of machine, ls and delete', async () => {
    expect(await home.ok('vm', 'list')).toBe('No machines found\n');
    expect((await home.run(['machine', 'rm', ...named('nobody')])).stderr).toBe(
      'Error: vm not found: nobody\n',
    );
  });

  it('ls creates the state DB under XDG_DATA_HOME', async () => {
    await using other = new Home();
    expect(await other.ok('machine', 'ls', '--json')).toBe('[]\n');
    expect(existsSync(other.database)).toBe(true);
  });

  it('the state DB falls back to ~/.local/share when XDG_DATA_HOME is relative', async () => {
    await using other = new Home();
    const env = { PATH: other.env.PATH, HOME: other.path, XDG_DATA_HOME: 'relative' };
    expect((await other.run(['machine', 'ls'], { env })).code).toBe(0);
    expect(existsSync(join(other.path, '.local/share/smolvm/server/smolvm.db'))).toBe(true);
  });

  it('smolvm runs through symlinks, from any folder, with only PATH and HOME set', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sl-'));
    try {
      await symlink(SMOLVM, join(folder, 'first'));
      await symlink('first', join(folder, 'smolvm'));
      const env = { PATH: `${folder}:${home.env.PATH}`, HOME: home.path };
      const { stdout } = await execa('smolvm', ['-V'], {
        env,
        extendEnv: false,
        cwd: '/',
        preferLocal: false,
      });
      expect(stdout).toMatch(/^smolvm /);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
