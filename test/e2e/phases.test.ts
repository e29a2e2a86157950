import { rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineHolds, FAKE_SMOLVM, type Sandbox, useSandboxes } from '../support/kit.ts';
import { type Fault, faultyProgram, pathOf } from '../support/shim.ts';

const sandbox = useSandboxes();

const UP_TO_PROBE = [
  'allocate',
  'mint-certs',
  'start-bundle',
  'discover-urls',
  'build-image',
  'pack-artifact',
  'create-guest',
  'start-guest',
  'init-guest',
  'provision',
  'probe',
];

async function prepared(user: Sandbox): Promise<string> {
  await user.writeAgent('five', ['sh', '-c', 'exit 5']);
  const { stdout, exitCode, stderr } = await user.run('prepare', ['--agent', 'five']);
  expect(exitCode, stderr).toBe(0);
  return stdout.trim();
}

describe('phases by hand', () => {
  let user: Sandbox;
  let slug: string;
  beforeAll(async () => {
    user = sandbox();
    // As where a home is a link to another disk: what smolvm records is the path without links.
    const cache = join(user.root, 'linked-cache');
    await symlink(user.env.BOT_BOTTLE_CACHE ?? '', cache);
    user.env.BOT_BOTTLE_CACHE = cache;
    slug = await prepared(user);
  });
  afterAll(async () => {
    await user.run('teardown', ['--bottle', slug]);
    expect(await engineHolds()).toEqual([]);
  });

  it('refuse to run before what they need, saying what that is', async () => {
    const { exitCode, stderr } = await user.run('start-bundle', ['--bottle', slug]);
    expect(exitCode).toBe(69);
    expect(stderr).toMatch(/start-bundle needs allocate, which has not run/);
    expect(stderr).toContain(`make up BOTTLE=${slug}`);
  });

  it.each(UP_TO_PROBE)('%s works alone and prints its record', async (phase) => {
    const { exitCode, stdout, stderr } = await user.run(phase, ['--bottle', slug, '--json']);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      phase,
      durationMs: expect.any(Number),
      data: expect.any(Object),
    });
    expect(stderr).toContain(`✓ ${phase}`);
  });

  it.each(UP_TO_PROBE.filter((phase) => phase !== 'probe'))(
    '%s changes nothing when run again',
    async (phase) => {
      const before = await user.run(phase, ['--bottle', slug, '--json']);
      expect(before.stderr).toMatch(/✓ \S+ +kept/);
      const after = await user.run(phase, ['--bottle', slug, '--json', '--quiet']);
      expect(after.stdout).toBe(before.stdout);
      expect(after.stderr).toBe('');
    },
  );

  it('are done again when their resource has died, and only those that depend on it', async () => {
    await execa('docker', ['rm', '--force', `bot-bottle-sidecars-${slug}`]);
    const { exitCode, stderr } = await user.run('up', ['--bottle', slug]);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/to be done again: .*start-bundle/);
    expect(stderr).toMatch(/✓ probe +\d/);
    expect(stderr).not.toMatch(/✓ pack-artifact +\d/);
  });

  it('show in `make status`', async () => {
    const { stdout } = await user.run('status', ['--json']);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ slug, agent: 'five', state: 'up', phase: 'probe' }),
    ]);
    const table = (await user.run('status')).stdout;
    expect(table).toContain('BOTTLE');
    expect(table).toMatch(/127\.0\.0\.\d+:\d+->9099/);
  });

  it('leave a log of the bundle that `logs --daemons` prints, one daemon’s name on each line, and an audit', async () => {
    const { stdout, stderr } = await user.run('logs', ['--bottle', slug, '--daemons']);
    expect(stdout + stderr).toContain('[egress]');
    const audit = await user.run('logs', ['--bottle', slug, '--json', '--denied']);
    expect(audit.exitCode, audit.stderr).toBe(0);
  });

  it.each(['start-bundle', 'create-guest', 'allocate'])(
    '%s can be forced, and the bottle still comes up',
    async (phase) => {
      if (phase === 'allocate') await user.run('teardown', ['--bottle', slug, '--keep-state']);
      else expect((await user.run(phase, ['--bottle', slug, '--force'])).exitCode).toBe(0);
      const { exitCode, stderr } = await user.run('up', ['--bottle', slug]);
      expect(exitCode, stderr).toBe(0);
      expect((await user.run('attach', ['--bottle', slug])).exitCode).toBe(5);
    },
  );
});

interface Break {
  phase: string;
  exitCode: number;
  docker?: Fault;
  smolvm?: Fault;
  /** Fails only once this phase is done: calls of earlier phases look the same. */
  after?: string;
  /** Makes the phase fail by the files it finds; gives what mends it. */
  disk?: (user: Sandbox, slug: string) => Promise<() => Promise<void>>;
}

/** One way for each phase to fail that no other phase shares. */
const BREAKS: readonly Break[] = [
  { phase: 'allocate', exitCode: 71, docker: { when: '"network create"*' } },
  {
    phase: 'mint-certs',
    exitCode: 70,
    disk: async (user, slug) => {
      const inTheWay = join(user.home, 'state', slug, 'egress-ca');
      await writeFile(inTheWay, '');
      return () => rm(inTheWay);
    },
  },
  { phase: 'start-bundle', exitCode: 71, docker: { when: '"run --detach --init"*' } },
  { phase: 'build-image', exitCode: 71, docker: { when: '"build --force-rm"*bot-bottle-command*' } },
  { phase: 'pack-artifact', exitCode: 72, smolvm: { when: '"pack create"*' } },
  { phase: 'create-guest', exitCode: 72, smolvm: { when: '"machine create"*' } },
  { phase: 'start-guest', exitCode: 72, smolvm: { when: '"machine start"*' } },
  { phase: 'init-guest', exitCode: 72, smolvm: { when: '*"sh -s"', times: 1 } },
  { phase: 'discover-urls', exitCode: 71, docker: { when: '"container inspect"*' }, after: 'start-bundle' },
  { phase: 'provision', exitCode: 72, smolvm: { when: '*"sh -s"', times: 1 }, after: 'init-guest' },
  { phase: 'probe', exitCode: 77, smolvm: { when: '*"--input-type=module -"' } },
];

describe('after a failure in a phase', () => {
  it.each(BREAKS)('$phase, `make up` carries on from there', async (fault) => {
    const user = sandbox();
    // A cache of its own, so that there is something to build and to pack.
    if (fault.phase === 'pack-artifact') user.env.BOT_BOTTLE_CACHE = join(user.root, 'cache');
    const slug = await prepared(user);
    if (fault.phase === 'build-image') {
      // By tag: images that other tests derived from it may keep its layers.
      const format = ['--format', '{{.Repository}}:{{.Tag}}'];
      const { stdout } = await execa('docker', ['images', ...format, 'bot-bottle-command']);
      if (stdout) await execa('docker', ['rmi', ...new Set(stdout.split('\n'))]);
    }
    const shims = join(user.root, 'shims');
    const env: Record<string, string> = {};
    const since = fault.after && {
      whileFile: join(user.home, 'state', slug, 'phases', `${fault.after}.json`),
    };
    if (fault.docker) {
      faultyProgram(shims, 'docker', pathOf('docker'), { ...fault.docker, ...since });
      env.PATH = [shims, user.env.PATH].join(delimiter);
    }
    const smolvm = fault.smolvm && faultyProgram(shims, 'smolvm', FAKE_SMOLVM, { ...fault.smolvm, ...since });
    if (smolvm !== undefined) await redirectSmolvm(user, slug, smolvm);
    const mend = await fault.disk?.(user, slug);

    const failed = await user.run('up', ['--bottle', slug], env);
    expect(failed.exitCode, failed.stderr).toBe(fault.exitCode);
    expect(failed.stderr).toContain(`the phase ${fault.phase} failed`);
    expect(failed.stderr).not.toContain('make:');

    await mend?.();
    if (smolvm !== undefined) faultyProgram(shims, 'smolvm', FAKE_SMOLVM, { when: 'never' });
    const resumed = await user.run('up', ['--bottle', slug]);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expect((await user.run('attach', ['--bottle', slug])).exitCode).toBe(5);
    expect((await user.run('teardown', ['--bottle', slug])).exitCode).toBe(0);
    expect(await engineHolds()).toEqual([]);
    expect(await user.machines()).toEqual([]);
  });
});

/** Prepares the bottle again with another smolvm: the plan names the binary. */
async function redirectSmolvm(user: Sandbox, slug: string, smolvm: string): Promise<void> {
  user.env.SMOLVM = smolvm;
  const { exitCode, stderr } = await user.run('prepare', ['--bottle', slug, '--force']);
  expect(exitCode, stderr).toBe(0);
}
