import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, statfs } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import { engineHolds, type Sandbox, useSandboxes } from '../support/kit.ts';
import { faultyProgram, pathOf } from '../support/shim.ts';

const sandbox = useSandboxes();
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function expectRefused(
  user: Sandbox,
  args: string[],
  exitCode: number,
  message: RegExp,
  env = {},
): Promise<void> {
  const result = await user.run('launch', args, env);
  expect(result.stderr).toMatch(message);
  expect(result.exitCode, result.stderr).toBe(exitCode);
  expect(result.stderr).toContain('hint: ');
  expect(await engineHolds()).toEqual([]);
}

describe('bad input', () => {
  it('the error about an unknown agent lists the known ones', async () => {
    const user = sandbox();
    await expectRefused(
      user,
      ['--agent', 'dmo'],
      65,
      /the agent `dmo` does not exist; did you mean `demo`\?[\s\S]*Known agents: .*demo/,
    );
    expect(await user.bottles()).toEqual([]);
  });

  it.each(['../../etc/passwd', 'a/b', '$(id)', '..', ''])(
    'a launch with the agent name %j is refused and creates nothing',
    async (name) => {
      const user = sandbox();
      const { exitCode } = await user.run('launch', ['--agent', name]);
      expect([2, 65]).toContain(exitCode);
      expect(await user.bottles()).toEqual([]);
    },
  );

  it('the error about malformed frontmatter names file, line and key', async () => {
    const user = sandbox();
    const file = await user.writeManifest('agents', 'bad', '---\nbotle: demo\n---\n');
    await expectRefused(user, ['--agent', 'bad'], 65, new RegExp(`${file}:2:1[\\s\\S]*botle`));
    expect(await user.bottles()).toEqual([]);
  });

  it('the error about a missing host variable names it', async () => {
    const user = sandbox();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of manifests
    await user.writeAgent('needs', ['true'], 'env:\n  A: ${NOT_SET_ANYWHERE}\n');
    await expectRefused(user, ['--agent', 'needs'], 69, /the host variable NOT_SET_ANYWHERE is not set/);
    expect(await user.bottles()).toEqual([]);
  });

  it('a launch without a docker client on the PATH is refused', async () => {
    const user = sandbox();
    const bare = join(user.root, 'bin');
    await mkdir(bare);
    await execa('cp', ['--recursive', '--symbolic-link', '/usr/bin/.', bare]);
    for (const program of ['docker', 'dockerd']) await rm(join(bare, program), { force: true });
    await execa('ln', ['--symbolic', '--force', process.execPath, join(bare, 'node')]);
    await expectRefused(user, ['--agent', 'demo'], 69, /docker/i, { PATH: bare, BOT_BOTTLE_ENGINE: 'none' });
    expect(await user.bottles()).toEqual([]);
  });

  it('a launch is refused when the engine is stopped and must not be started', async () => {
    const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock', BOT_BOTTLE_ENGINE: 'none' };
    const user = sandbox();
    await expectRefused(user, ['--agent', 'demo'], 69, /Docker engine/, env);
    expect(await user.bottles()).toEqual([]);
  });

  it.each([
    ['smolvm 0.7.0', /smolvm 0\.7\.0 is not supported/],
    ['smolvm 1.5.0', /smolvm 1\.5\.0 is not supported/],
    ['hello', /is not a smolvm version/],
  ])('a smolvm whose version is %j is refused', async (version, message) => {
    const user = sandbox();
    const program = faultyProgram(join(user.root, 'shims'), 'smolvm', '/bin/false', { when: 'never' });
    await execa('sh', ['-c', `printf '#!/bin/sh\\necho "%s"\\n' "$1" > "$2"`, 'sh', version, program]);
    await expectRefused(user, ['--agent', 'demo'], 69, message, { SMOLVM: program });
    expect(await user.bottles()).toEqual([]);
  });

  it('a SMOLVM that does not exist is refused', async () => {
    await expectRefused(sandbox(), ['--agent', 'demo'], 69, /not an executable file/, {
      SMOLVM: '/nowhere/smolvm',
    });
  });

  async function smallCache(user: Sandbox, megabytes: number): Promise<string> {
    const cache = join(user.root, 'small');
    await mkdir(cache);
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', cache]);
    undo.push(() => execa('umount', [cache]));
    return cache;
  }

  it('a full disk is reported before anything is created', async () => {
    const user = sandbox();
    const env = { BOT_BOTTLE_CACHE: await smallCache(user, 8) };
    await expectRefused(user, ['--agent', 'demo'], 69, /the disk is full: \d MiB are free at .*small/, env);
    expect(await user.bottles()).toEqual([]);
  });

  it('a disk that fills up during save leaves nothing behind and no broken artifact', async () => {
    const user = sandbox();
    const cache = await smallCache(user, 264);
    const run = user.start('launch', ['--agent', 'demo'], { BOT_BOTTLE_CACHE: cache });
    await run.saw('✓ prepare');
    await execa('fallocate', ['--length', '256m', join(cache, 'filler')]);
    const { exitCode, stderr } = await run.finished;
    expect(stderr).toMatch(/disk is full|no space left/i);
    expect(exitCode, stderr).toBe(69);
    expect(await engineHolds()).toEqual([]);
    const left = await execa('find', [cache, '-name', '*.tar', '-o', '-name', '*.smolmachine']);
    expect(left.stdout).toBe('');
  });

  it('a bottle is taken down, and its state removed, with no byte free for it', async () => {
    const user = sandbox();
    const home = join(user.root, 'small-home');
    await mkdir(home);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', home]);
    undo.push(() => execa('umount', [home]));
    const env = { BOT_BOTTLE_HOME: home };
    const { stdout, stderr } = await user.run('prepare', ['--agent', 'demo'], env);
    const slug = stdout.trim();
    expect(slug, stderr).toMatch(/^demo-/);
    const up = await user.run('up', ['--bottle', slug], env);
    expect(up.exitCode, up.stderr).toBe(0);
    await execa('sh', ['-c', `cat /dev/zero > '${home}/filler' 2> /dev/null || :`]);
    const free = await statfs(home);
    expect(free.bavail).toBe(0);
    const down = await user.run('teardown', ['--bottle', slug], env);
    expect(down.exitCode, down.stderr).toBe(0);
    const left = await execa('docker', [
      'ps',
      '--all',
      '--quiet',
      '--filter',
      `label=bot-bottle.slug=${slug}`,
    ]);
    const networks = await execa('docker', [
      'network',
      'ls',
      '--quiet',
      '--filter',
      `label=bot-bottle.slug=${slug}`,
    ]);
    expect([left.stdout, networks.stdout, await user.machines()]).toEqual(['', '', []]);
    expect(existsSync(join(home, 'state', slug))).toBe(false);
  });

  it('another port is tried when one was taken in the meantime', async () => {
    const user = sandbox();
    const shims = join(user.root, 'shims');
    const says =
      'docker: Error response from daemon: driver failed: listen tcp4 127.0.0.16:32768: bind: address already in use.';
    faultyProgram(shims, 'docker', pathOf('docker'), { when: '"run --detach --init"*', says, times: 1 });
    await user.writeAgent('fine', ['true']);
    const env = { PATH: [shims, user.env.PATH].join(delimiter) };
    const slug = (await user.run('prepare', ['--agent', 'fine'])).stdout.trim();
    undo.push(() => user.run('teardown', ['--bottle', slug]));
    for (const phase of ['allocate', 'mint-certs', 'mint-keys', 'start-bundle']) {
      const { exitCode, stderr } = await user.run(phase, ['--bottle', slug], env);
      expect(exitCode, stderr).toBe(0);
    }
    expect(await readFile(join(shims, 'docker.failed'), 'utf8')).toBe('1\n');
  });
});
