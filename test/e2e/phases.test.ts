import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { agentSchema } from '../../lib/guest/agent.ts';
import { Bottle } from '../../lib/guest/bottle.ts';
import { planSchema } from '../../lib/plan/schema.ts';
import { engineHolds, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();

const UP_TO_PROBE = [
  'allocate',
  'mint-certs',
  'mint-keys',
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

describe('phases run by hand', () => {
  let user: Sandbox;
  let slug: string;
  /** What each phase printed on its first run. */
  const printed = new Map<string, string>();
  beforeAll(async () => {
    user = sandbox();
    // Simulates a cache behind a symbolic link: smolvm records resolved paths.
    const cache = join(user.root, 'linked-cache');
    await symlink(user.env.BOT_BOTTLE_CACHE ?? '', cache);
    user.env.BOT_BOTTLE_CACHE = cache;
    await user.writeAgent('five', ['sh', '-c', 'exit 5']);
    const { stdout, exitCode, stderr } = await user.run('prepare', ['--agent', 'five']);
    expect(exitCode, stderr).toBe(0);
    slug = stdout.trim();
  });
  afterAll(async () => {
    await user.run('teardown', ['--bottle', slug]);
    expect(await engineHolds()).toEqual([]);
  });

  it('a phase refuses to run before a phase that it needs, and names it', async () => {
    const { exitCode, stderr } = await user.run('start-bundle', ['--bottle', slug]);
    expect(exitCode).toBe(69);
    expect(stderr).toMatch(/start-bundle needs allocate, which has not run/);
    expect(stderr).toContain(`make up BOTTLE=${slug}`);
  });

  it.each(UP_TO_PROBE)('%s runs alone and prints its record', async (phase) => {
    const { exitCode, stdout, stderr } = await user.run(phase, ['--bottle', slug, '--json']);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      phase,
      durationMs: expect.any(Number),
      data: expect.any(Object),
    });
    expect(stderr).toContain(`✓ ${phase}`);
    printed.set(phase, stdout);
  });

  it.each(UP_TO_PROBE.filter((phase) => phase !== 'probe'))(
    '%s changes nothing when run again',
    async (phase) => {
      const { stdout, stderr } = await user.run(phase, ['--bottle', slug, '--json']);
      expect(stderr).toMatch(/✓ \S+ +kept/);
      expect(stdout).toBe(printed.get(phase));
    },
  );

  it('a phase prints only its record with --quiet', async () => {
    const { stdout, stderr } = await user.run('allocate', ['--bottle', slug, '--json', '--quiet']);
    expect({ stdout, stderr }).toEqual({ stdout: printed.get('allocate'), stderr: '' });
  });

  it('the bottle handle runs commands in the guest and copies files both ways', async () => {
    const recordOf = async (phase: string) =>
      JSON.parse(await readFile(join(user.home, 'state', slug, 'phases', `${phase}.json`), 'utf8')).data;
    const { agent } = await recordOf('build-image');
    vi.stubEnv('HOME', user.root);
    const bottle = new Bottle(planSchema.parse(await recordOf('prepare')), agentSchema.parse(agent));
    expect((await bottle.exec(['id', '-u'])).stdout.trim()).toBe('0');
    const session = await bottle.execAsAgent(['sh', '-c', 'echo "$USER $BOT_BOTTLE_SLUG $(id -un)"; exit 7']);
    expect(session).toMatchObject({ exitCode: 7, stdout: expect.stringContaining(`node ${slug} node`) });

    const [source, back] = [join(user.root, 'with:colon'), join(user.root, 'back')];
    const content = Buffer.from([0, 1, 2, 255, 10, 13, 39]);
    await writeFile(source, content);
    await bottle.cpIn(source, '/home/node/deep/copied', { as: 'agent', mode: '0600' });
    const stat = await bottle.exec(['stat', '-c', '%U %a', '/home/node/deep', '/home/node/deep/copied']);
    expect(stat.stdout.trim()).toBe('node 755\nnode 600');
    await bottle.cpOut('/home/node/deep/copied', back);
    expect(await readFile(back)).toEqual(content);
    await bottle.execAsAgent(['ln', '-s', '/etc', '/home/node/link']);
    const through = bottle.cpIn(source, '/home/node/link/planted', { as: 'agent', mode: '0600' });
    await expect(through).rejects.toMatchObject({ code: 'guest-failed' });
    expect((await bottle.exec(['ls', '/usr/libexec/bot-bottle/arrivals'])).stdout).toBe('');
    await expect(bottle.runScript('the test', 'echo broken >&2; exit 3')).rejects.toThrow(
      /the test .*exit 3.*broken/,
    );
    vi.unstubAllEnvs();
  });

  it('`make up` runs a phase again when its resource is gone, and those that depend on it', async () => {
    await execa('docker', ['rm', '--force', `bot-bottle-sidecars-${slug}`]);
    const { exitCode, stderr } = await user.run('up', ['--bottle', slug]);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/to run again: .*start-bundle/);
    expect(stderr).toMatch(/✓ probe +\d/);
    expect(stderr).not.toMatch(/✓ pack-artifact +\d/);
  });

  it('`make status` shows the last phase and the published ports', async () => {
    const { stdout } = await user.run('status', ['--json']);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ slug, agent: 'five', state: 'up', phase: 'workspace' }),
    ]);
    const table = (await user.run('status')).stdout;
    expect(table).toContain('BOTTLE');
    expect(table).toMatch(/127\.0\.0\.\d+:\d+->9099/);
  });

  it('`logs --daemons` prints the bundle’s log, and `logs` its audit', async () => {
    const { stdout, stderr } = await user.run('logs', ['--bottle', slug, '--daemons']);
    expect(stdout + stderr).toContain('[egress]');
    const audit = await user.run('logs', ['--bottle', slug, '--json', '--denied']);
    expect(audit.exitCode, audit.stderr).toBe(0);
  });

  it.each(['start-bundle', 'create-guest'])(
    '%s can be forced, and the bottle still comes up afterward',
    async (phase) => {
      expect((await user.run(phase, ['--bottle', slug, '--force'])).exitCode).toBe(0);
      const { exitCode, stderr } = await user.run('up', ['--bottle', slug]);
      expect(exitCode, stderr).toBe(0);
      expect((await user.run('attach', ['--bottle', slug])).exitCode).toBe(5);
    },
  );
});
