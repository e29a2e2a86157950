import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRepository, TWO_COMMITS } from '../support/git/repositories.ts';
import { KIT, type Running, useSandboxes } from '../support/kit.ts';
import { HAS_TMUX, Tmux } from '../support/tmux.ts';

const sandbox = useSandboxes();

/** A smolvm whose guest has lost its container while `file` exists: no exec works until the next start. */
function losingContainer(real: string, directory: string, file: string): string {
  const path = join(directory, 'smolvm');
  const script = `#!/bin/sh
case "$*" in
  *"machine start"*) rm -f '${file}' ;;
  *"machine exec"*) [ -e '${file}' ] && echo 'container is not running' >&2 && exit 1 ;;
esac
exec '${real}' "$@"
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

describe('what dies during a session', () => {
  const user = sandbox();
  let source: TestRepository;
  let slug = '';
  const lost = () => join(user.root, 'lost-container');

  beforeAll(async () => {
    user.smolvm = losingContainer(join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3'), user.root, lost());
    source = await TestRepository.with(TWO_COMMITS);
    const script = `echo $RANDOM$(date +%N) >> two.txt; git commit -qam 'Work of the agent'; echo at work >&2; exec sleep 300`;
    const dockerfile = join(KIT, 'test', 'support', 'git', 'image', 'Dockerfile');
    await user.writeAgent('dev', ['sh', '-ec', script], '', dockerfile);
    const prepared = await execa(process.execPath, [join(KIT, 'scripts', 'prepare.ts'), '--agent', 'dev'], {
      ...{ cwd: source.root, env: user.env, extendEnv: false },
    });
    slug = prepared.stdout.trim();
    const up = await user.run('up', ['--bottle', slug]);
    expect(up.exitCode, up.stderr).toBe(0);
  });
  afterAll(async () => {
    await user.run('teardown', ['--bottle', slug, '--discard']);
  });

  const commits = () => source.sh(`git rev-list --count main..refs/bottles/${slug}/heads/main`);
  const pidOf = async () =>
    Number(JSON.parse(await source.sh(`cat ${user.home}/state/${slug}/phases/start-guest.json`)).data.pid);

  const daemons = async () =>
    JSON.parse((await user.run('status', ['--json'])).stdout).find(
      (one: { slug: string }) => one.slug === slug,
    )?.daemons;
  const published = async () =>
    JSON.parse(await source.sh(`cat ${user.home}/state/${slug}/phases/discover-urls.json`)).data.published;

  async function atWork(): Promise<Running> {
    const session = user.start('attach', ['--bottle', slug, '--prompt', 'go']);
    await session.saw('at work');
    return session;
  }

  it('the operator is told of a dead bundle, the work is fetched, and `up` brings the bundle back', async () => {
    const session = await atWork();
    const ports = await published();
    await execa('docker', ['kill', `bot-bottle-sidecars-${slug}`]);
    await session.saw('the bundle has ended with code 137: the agent lives, but has no network');
    await session.saw('the work is in');
    expect(await commits()).toBe('1');
    expect(await daemons()).toEqual({ bundle: 'exited' });
    const up = await user.run('up', ['--bottle', slug]);
    expect(up.exitCode, up.stderr).toBe(0);
    await session.saw('the bundle is back');
    expect(await daemons()).toMatchObject({ egress: 'ready' });
    // The agent's environment names them, in the alias tier.
    expect(await published()).toEqual(ports);
    session.child.kill('SIGTERM');
    expect((await session.finished).exitCode).toBe(143);
  });

  it.runIf(HAS_TMUX)(
    `a terminal that has joined a detached session is told, too${HAS_TMUX ? '' : ' (skipped: tmux is not installed)'}`,
    async () => {
      const started = await user.run('attach', ['--bottle', slug, '--detach']);
      expect(started.exitCode, started.stderr).toBe(0);
      const terminal = new Tmux(user.env);
      try {
        await terminal.start([process.execPath, join(KIT, 'scripts', 'attach.ts'), '--bottle', slug]);
        await terminal.shows(/at work/);
        await execa('docker', ['kill', `bot-bottle-sidecars-${slug}`]);
        await terminal.shows(/the agent lives, but has no network/);
      } finally {
        await terminal.end();
      }
      await user.run('up', ['--bottle', slug]);
    },
  );

  it('a guest that accepts no commands any more is started again by `up`', async () => {
    const before = await pidOf();
    writeFileSync(lost(), '');
    const up = await user.run('up', ['--bottle', slug]);
    expect(up.exitCode, up.stderr).toBe(0);
    expect(up.stderr).toContain('to run again: start-guest, ');
    expect(await pidOf()).not.toBe(before);
  });

  it('the operator is told of a dead guest, `up` starts it again, and its work is still there', async () => {
    const session = await atWork();
    process.kill(await pidOf(), 'SIGKILL');
    const { exitCode, stderr } = await session.finished;
    expect([exitCode, stderr]).toEqual([72, expect.stringContaining('has died, and the session with it')]);
    const refused = await user.run('teardown', ['--bottle', slug]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      75,
      expect.stringContaining('its disk is still there'),
    ]);
    const failed = await user.run('up', ['--bottle', slug], { SMOLVM_FAKE_FAULTS: 'start:fail' });
    expect(failed.exitCode, failed.stderr).not.toBe(0);
    expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(75);
    const up = await user.run('up', ['--bottle', slug]);
    expect(up.exitCode, up.stderr).toBe(0);
    const fetched = await user.run('fetch', ['--bottle', slug]);
    expect(fetched.exitCode, fetched.stderr).toBe(0);
    expect(await commits()).toBe(HAS_TMUX ? '3' : '2');
  });
});
