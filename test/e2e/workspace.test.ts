import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRepository, TWO_COMMITS } from '../support/git/repositories.ts';
import { KIT, ON_ALL_FAKES, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
const IMAGE = join(KIT, 'test', 'support', 'git', 'image', 'Dockerfile');

/** A user with an agent that runs a shell script. */
async function userOf(version: string, script: string): Promise<Sandbox> {
  const user = sandbox();
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', `smolvm-${version}`);
  await user.writeAgent('dev', ['sh', '-ec', script], '', IMAGE);
  return user;
}

/** Runs a script of the kit as if it was called in `cwd`. */
const runIn = (user: Sandbox, cwd: string, script: string, args: readonly string[]) =>
  execa(process.execPath, [join(KIT, 'scripts', `${script}.ts`), ...args], {
    ...{ cwd, env: user.env, extendEnv: false, reject: false, stdin: 'ignore' },
  });

const WORK = `echo agent >> two.txt; git commit -qam 'Work of the agent'; echo left > 'left over.txt'; rm run.sh`;

// A copy does not depend on how the guest reaches its bundle.
const FAKES = ON_ALL_FAKES ? ['0.8.0', '1.9.3'] : ['1.9.3'];

describe.each(FAKES)('a launch in a repository, on smolvm %s', (version) => {
  it('`make launch` works on a copy, and the work is back as refs when it has ended', async () => {
    const source = await TestRepository.with(
      `${TWO_COMMITS}\necho mine >> src/one.txt; echo new > new; echo A=1 > .env`,
    );
    const state =
      'git status --porcelain; git for-each-ref refs/heads refs/tags; cat src/one.txt two.txt new .env; cat .git/HEAD';
    const before = await source.sh(state);
    const user = await userOf(version, `pwd; git status --porcelain; git log --format=%s; ls -A; ${WORK}`);
    const make = await execa('make', ['-s', '-C', KIT, 'launch', 'AGENT=dev', 'PROMPT=go'], {
      ...{ env: { ...user.env, PWD: source.root }, extendEnv: false, reject: false, stdin: 'ignore' },
    });
    expect(make.exitCode, make.stderr).toBe(0);
    expect(make.stdout.split('\n')).toEqual([
      '/home/node/workspace',
      ...[' M src/one.txt', '?? new', 'second', 'first'],
      ...['.git', 'link', 'new', 'run.sh', 'src', 'two.txt'],
    ]);
    expect(make.stderr).toContain('a copy of');
    expect(make.stderr).toContain('(CWD_SECRETS=1 takes them): .env');
    expect(make.stderr).toMatch(/1 commit, 3 uncommitted files/);
    const [, ref = ''] = /git merge (\S+)/.exec(make.stderr) ?? [];
    expect(await source.sh(state)).toBe(before);
    expect(
      await source.sh(
        `git log --format='%s, %an' main..${ref}; git show --stat --format= ${ref.replace('heads/main', 'wip')} -- run.sh`,
      ),
    ).toMatch(/^Work of the agent, /);
    expect(
      await source.sh(
        `git diff --name-status ${ref.replace('heads/main', 'base')} ${ref.replace('heads/main', 'wip')}`,
      ),
    ).toBe('A\tleft over.txt\nD\trun.sh\nM\ttwo.txt');
    expect(await user.bottles()).toEqual([]);
  });
});

describe('the work of a bottle that is up', () => {
  let source: TestRepository;
  let user: Sandbox;
  let slug = '';

  beforeAll(async () => {
    source = await TestRepository.with(TWO_COMMITS);
    user = await userOf(
      '1.9.3',
      `${WORK}; head -c 20000000 /dev/urandom > big; git add big; git commit -qm big`,
    );
    slug = (await runIn(user, source.root, 'prepare', ['--agent', 'dev'])).stdout.trim();
    const up = await user.run('up', ['--bottle', slug]);
    expect(up.exitCode, up.stderr).toBe(0);
    const attach = await user.run('attach', ['--bottle', slug, '--prompt', 'go']);
    expect(attach.exitCode, attach.stderr).toBe(0);
  });
  afterAll(async () => {
    await user.run('teardown', ['--bottle', slug, '--discard']);
  });

  const heads = () => source.sh("git for-each-ref --format='%(refname:lstrip=3)' refs/bottles");

  it('the metadata says that the directory was copied, and `up` again copies nothing', async () => {
    const status = JSON.parse(await source.sh(`cat ${user.home}/state/${slug}/metadata.json`));
    expect(status).toMatchObject({ cwd: source.root, copy_cwd: true });
    expect((await user.run('up', ['--bottle', slug])).stderr).toMatch(/workspace +kept/);
  });

  it('a fetch that is killed at any moment leaves the repository sound, and the next one is whole', async () => {
    for (const moment of [150, 400, 700, 1000, 1300]) {
      const fetching = user.start('fetch', ['--bottle', slug]);
      await sleep(moment);
      if (fetching.child.pid !== undefined) {
        try {
          process.kill(-fetching.child.pid, 'SIGKILL');
        } catch {
          // It has ended already.
        }
      }
      await fetching.finished;
      await source.sh('git fsck --strict');
    }
    const fetched = await user.run('fetch', ['--bottle', slug]);
    expect(fetched.exitCode, fetched.stderr).toBe(0);
    expect((await heads()).split('\n')).toEqual(['HEAD', 'base', 'heads/main', 'wip']);
    expect(
      await source.sh(
        `git fsck --strict; git cat-file -s refs/bottles/${slug}/HEAD:big; git status --porcelain`,
      ),
    ).toBe('20000000');
    expect((await user.run('fetch', ['--bottle', slug])).stderr).toContain(
      'nothing is new since the last fetch',
    );
  });

  it('`teardown` fetches first, and leaves the bottle as it is when it cannot', async () => {
    const moved = `${source.root}-moved`;
    await source.sh(`mv ${source.root} ${moved}`);
    const refused = await user.run('teardown', ['--bottle', slug]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      75,
      expect.stringContaining('is no git repository any more'),
    ]);
    expect(await user.machines()).toEqual([`bot-bottle-${slug}`]);
    await execa('mv', [moved, source.root]);
    const done = await user.run('teardown', ['--bottle', slug]);
    expect(done.exitCode, done.stderr).toBe(0);
    expect(await user.machines()).toEqual([]);
  });
});

it('a launch that was killed leaves its work in the guest, from which `cleanup` fetches it', async () => {
  const source = await TestRepository.with(TWO_COMMITS);
  const user = await userOf('1.9.3', `${WORK}; echo done; exec sleep 300`);
  const launch = execa(
    process.execPath,
    [join(KIT, 'scripts', 'launch.ts'), '--agent', 'dev', '--prompt', 'go'],
    {
      ...{ cwd: source.root, env: user.env, extendEnv: false, reject: false, detached: true },
    },
  );
  await new Promise((resolve) => launch.stdout.on('data', resolve));
  process.kill(-(launch.pid ?? 0), 'SIGKILL');
  await launch;
  const [slug = ''] = await user.bottles();
  const cleanup = await user.run('cleanup', ['--yes']);
  expect(cleanup.exitCode, cleanup.stderr).toBe(0);
  expect(await source.sh(`git log --format=%s -1 refs/bottles/${slug}/heads/main`)).toBe('Work of the agent');
  expect(await user.bottles()).toEqual([]);
});

it('a folder without git is copied with CWD=1, and a bottle that has changed it is not taken down by itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bk-folder-'));
  await execa('sh', ['-c', 'mkdir "a dir"; echo 1 > "a dir/one"; echo A=1 > .env'], { cwd: folder });
  const user = await userOf('1.9.3', 'find . -type f; echo 2 > two');
  const launch = await runIn(user, folder, 'launch', ['--agent', 'dev', '--cwd', '--prompt', 'go']);
  expect([launch.exitCode, launch.stdout], launch.stderr).toEqual([75, './a dir/one']);
  expect(launch.stderr).toContain('make cp BOTTLE=');
  const [slug = ''] = await user.bottles();
  expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(75);
  expect((await user.run('teardown', ['--bottle', slug, '--discard'])).exitCode).toBe(0);
});
