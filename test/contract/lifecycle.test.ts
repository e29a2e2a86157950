import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { named } from '../support/contract/grammar.ts';
import { tcp } from '../support/contract/guest-net.ts';
import { listen } from '../support/contract/listeners.ts';
import { since, skipping, withoutGuests } from '../support/contract/skipping.ts';
import { Home, IS_ROOTLESS } from '../support/contract/smolvm.ts';
import { patchRecord, recordOf } from '../support/contract/state.ts';

describe('machines that are not running', () => {
  let home: Home;
  beforeAll(() => {
    home = new Home();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('stop without a name reports success even if there is no default machine', async () => {
    expect(await home.ok('machine', 'stop')).toBe(
      "Stopping machine 'default'...\nMachine 'default' stopped\n",
    );
  });

  it('stop of a machine that was never started reports its state', async () => {
    await home.ok('machine', 'create', ...named('fresh'));
    expect(await home.ok('machine', 'stop', '-n', 'fresh')).toBe(
      "Machine 'fresh' is not running (state: created)\n",
    );
  });

  it('start of an unknown machine fails and leaves no record', async () => {
    const { code, stderr } = await home.run(['machine', 'start', '-n', 'nobody']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Error: vm not found: nobody\n' });
    expect(await home.ok('machine', 'ls')).not.toContain('nobody');
  });

  it('status prints text or JSON, and fails for an unknown machine', async () => {
    expect(await home.ok('machine', 'status', '-n', 'fresh')).toBe("Machine 'fresh': not running\n");
    expect(JSON.parse(await home.ok('machine', 'status', '-n', 'fresh', '--json'))).toMatchObject({
      name: 'fresh',
      state: 'created',
    });
    expect((await home.run(['machine', 'status', '-n', 'nobody'])).stderr).toBe(
      'Error: vm not found: nobody\n',
    );
    expect((await home.run(['machine', 'status', '-n', 'nobody', '--json'])).stderr).toBe(
      "Error: config operation failed: machine status: machine 'nobody' not found\n",
    );
  });

  it('delete prompts first, and takes anything but yes as no', async () => {
    expect(await home.run(['machine', 'delete', ...named('fresh')], { input: 'no\n' })).toEqual({
      code: 0,
      stdout: 'Cancelled\n',
      stderr: "Delete machine 'fresh'? [y/N] ",
    });
    const { stdout } = await home.run(['machine', 'delete', ...named('fresh')], { input: 'Y\n' });
    expect(stdout).toBe('Cleaning up data directory for vm: fresh\nDeleted machine: fresh\n');
    const { code, stderr } = await home.run(['machine', 'delete', '-f', ...named('fresh')]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Error: vm not found: fresh\n' });
  });
});

const running = skipping(withoutGuests());
const byTsi = skipping(since('1.1.3'));

describe.skipIf(running.skipped)(running.titled('running machines'), () => {
  let fixture: Fixture;
  let sidecar: string;
  beforeAll(async () => {
    fixture = await Fixture.start();
    sidecar = await fixture.pack(fixture.publish('life:1', { entrypoint: ['sleep', '7171'] }));
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const run = (...args: string[]) => fixture.home.run(args);
  const folderOf = async (name: string) =>
    (await fixture.home.ok('machine', 'data-dir', ...named(name))).trim();
  const pidOf = (name: string) => Number(recordOf(fixture.home, name).pid);

  it("start prints the lines of 0.8.0 and runs the image's command", async () => {
    await fixture.home.ok('machine', 'create', ...named('one'), '--from', sidecar);
    patchRecord(fixture.home, 'one', { allowed_cidrs: ['127.0.0.16/32'] });
    const { code, stdout, stderr } = await run('machine', 'start', '-n', 'one');
    const pid = pidOf('one');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `Machine 'one' running (PID: ${pid})\n`,
      stderr: "Starting machine 'one'...\n",
    });
    expect(recordOf(fixture.home, 'one')).toMatchObject({
      state: 'running',
      pid_start_time: expect.any(Number),
      allowed_cidrs: ['127.0.0.16/32'],
    });
    const { stdout: processes } = await fixture.home.exec('one', 'sh', '-c', 'cat /proc/[0-9]*/cmdline');
    expect(processes).toContain('sleep\x007171\0');
  });

  it('agent.config.json shows the policy that the machine was launched with', async () => {
    const config = JSON.parse(await readFile(join(await folderOf('one'), 'agent.config.json'), 'utf8')) as {
      resources: Record<string, unknown>;
    };
    expect(config).toMatchObject({ version: 1, mounts: [], ports: [] });
    expect(config.resources).toEqual({
      cpus: 4,
      memory_mib: 8192,
      network: false,
      gpu: false,
      gpu_vram_mib: null,
      storage_gib: null,
      overlay_gib: null,
      allowed_cidrs: ['127.0.0.16/32'],
    });
  });

  it('start of a running machine reports that it is already running', async () => {
    expect(await fixture.home.ok('machine', 'start', '-n', 'one')).toBe(
      `Machine 'one' already running (PID: ${pidOf('one')})\n`,
    );
    expect(await fixture.home.ok('machine', 'status', '-n', 'one')).toBe(
      `Machine 'one': running (PID: ${pidOf('one')})\n`,
    );
  });

  it('update of a running machine fails with the message of 0.8.0', async () => {
    expect((await run('machine', 'update', ...named('one'), '--net')).stderr).toBe(
      'Error: invalid vm state: expected stopped, got Running\n',
    );
  });

  it('stop does not wait for the workload, and keeps record and disk', async () => {
    await fixture.home.exec('one', 'sh', '-c', 'echo kept > /root/file');
    const pid = pidOf('one');
    const before = performance.now();
    expect(await fixture.home.ok('machine', 'stop', '-n', 'one')).toBe(
      "Stopping machine 'one'...\nStopped machine: one\n",
    );
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(await isAlive(pid)).toBe(false);
    expect(recordOf(fixture.home, 'one')).toMatchObject({
      state: 'stopped',
      pid: null,
      pid_start_time: null,
    });
    expect(existsSync(join(await folderOf('one'), 'agent.config.json'))).toBe(false);
    await fixture.home.ok('machine', 'start', '-n', 'one');
    expect((await fixture.home.exec('one', 'cat', '/root/file')).stdout).toBe('kept\n');
  });

  it('two machines from the same pack share no files', async () => {
    await fixture.boot('two', sidecar);
    expect((await fixture.home.exec('two', 'cat', '/root/file')).code).not.toBe(0);
    await fixture.home.exec('two', 'rm', '-rf', '/home');
    expect((await fixture.home.exec('one', 'ls', '/home')).stdout).toBe('node\n');
  });

  it('start fails while another process holds the lock of the machine', async () => {
    await fixture.home.ok('machine', 'create', ...named('busy'), '--from', sidecar);
    await run('machine', 'status', '-n', 'busy');
    const lock = join(await folderOf('busy'), 'vm.lock');
    const holder = execa('flock', ['--no-fork', lock, 'sleep', '30'], { reject: false });
    await sleep(300);
    const { code, stderr } = await run('machine', 'start', '-n', 'busy');
    holder.kill();
    await holder;
    expect(code).toBe(1);
    expect(stderr).toContain('another process is already starting or running this VM');
  });

  it.skipIf(byTsi.skipped)(
    byTsi.titled('a machine whose process dies shows as stopped, and its network is cleaned up'),
    async () => {
      await using service = await listen('127.0.0.16');
      await fixture.boot('dying', sidecar, { allowed_cidrs: ['127.0.0.16/32'] });
      expect(await tcp(fixture.home, 'dying', '127.0.0.16', service.port)).toMatch(/^got/);
      process.kill(pidOf('dying'), 'SIGKILL');
      await sleep(300);
      const listed = JSON.parse(await fixture.home.ok('machine', 'ls', '--json')) as {
        name: string;
        state: string;
      }[];
      expect(listed.find(({ name }) => name === 'dying')?.state).toBe('stopped');
      expect(await tracesOf('dying')).toEqual([]);
      await fixture.home.ok('machine', 'start', '-n', 'dying');
      expect(await tcp(fixture.home, 'dying', '127.0.0.16', service.port)).toMatch(/^got/);
    },
  );

  it('stop and delete leave nothing on the host', async () => {
    const outside = IS_ROOTLESS ? [] : ['10.9.0.0/16'];
    await fixture.boot('gone', sidecar, { allowed_cidrs: ['127.0.0.16/32', ...outside] });
    if (!IS_ROOTLESS) expect(await tracesOf('gone')).not.toEqual([]);
    const folder = await folderOf('gone');
    await fixture.home.ok('machine', 'stop', '-n', 'gone');
    await fixture.home.ok('machine', 'delete', '-f', ...named('gone'));
    expect(await tracesOf('gone')).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it("start fails and leaves nothing when the image's command does not exist", async () => {
    const broken = await fixture.pack(fixture.publish('broken:1', { entrypoint: ['/no/such/main'] }));
    await fixture.home.ok('machine', 'create', ...named('broken'), '--from', broken);
    patchRecord(fixture.home, 'broken', { allowed_cidrs: ['127.0.0.16/32'] });
    const { code, stderr } = await run('machine', 'start', '-n', 'broken');
    expect(code).toBe(1);
    expect(stderr).toContain('start background /no/such/main');
    expect(recordOf(fixture.home, 'broken').state).toBe('created');
    expect(await tracesOf('broken')).toEqual([]);
  });

  it.skipIf(byTsi.skipped)(
    byTsi.titled('eight machines started at once each reach only their own address'),
    async () => {
      const names = Array.from({ length: 8 }, (_, index) => `crowd${index}`);
      const addresses = names.map((_, index) => `127.0.0.${16 + index}`);
      const services = await Promise.all(addresses.map((address) => listen(address)));
      await Promise.all(
        names.map((name, index) =>
          fixture.boot(name, sidecar, { allowed_cidrs: [`${addresses[index]}/32`] }),
        ),
      );
      const seen = await Promise.all(
        names.map(async (name, index) => {
          const own = services[index];
          const next = services[(index + 1) % services.length];
          if (own === undefined || next === undefined) throw new Error('eight services expected');
          return [
            await tcp(fixture.home, name, own.address, own.port),
            (await tcp(fixture.home, name, next.address, next.port)).slice(0, 8),
          ];
        }),
      );
      expect(seen).toEqual(addresses.map((address) => [`got: hello from ${address}`, 'failed: ']));
      await Promise.all(names.map((name) => fixture.home.ok('machine', 'stop', '-n', name)));
      for (const name of names) expect(await tracesOf(name)).toEqual([]);
      for (const service of services) await service[Symbol.asyncDispose]();
    },
  );

  it('start runs the init commands only the first time', async () => {
    await fixture.home.ok(
      'machine',
      'create',
      ...named('init'),
      '--from',
      sidecar,
      '--init',
      'echo once >> /root/log',
    );
    expect(await fixture.home.ok('machine', 'start', '-n', 'init')).toContain(
      'Running 1 init command(s)...\n',
    );
    await fixture.home.ok('machine', 'stop', '-n', 'init');
    expect(await fixture.home.ok('machine', 'start', '-n', 'init')).toContain(
      'Init already completed, skipping 1 command(s)\n',
    );
    expect((await fixture.home.exec('init', 'cat', '/root/log')).stdout).toBe('once\n');
  });

  it('a guest sees a host directory mounted with -v, and cannot write to it under :ro', async () => {
    await fixture.boot('volume', sidecar, {}, '-v', `${fixture.home.path}:/mnt/home:ro`);
    expect((await fixture.home.exec('volume', 'ls', '/mnt/home')).stdout).toContain('.smolmachine');
    expect((await fixture.home.exec('volume', 'touch', '/mnt/home/x')).code).not.toBe(0);
  });

  /** A process that has ended but has not been reaped has an entry in /proc but no command line. */
  async function isAlive(pid: number): Promise<boolean> {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== '';
  }

  /** Firewall rules on the host that name a machine. */
  async function tracesOf(name: string): Promise<string[]> {
    const saved = await Promise.all(
      ['iptables-save', 'ip6tables-save'].map((tool) => execa(tool, { reject: false })),
    );
    return saved.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line.includes(`:${name}"`)));
  }
});
