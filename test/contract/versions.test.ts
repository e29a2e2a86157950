import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { named } from '../support/contract/grammar.ts';
import { skipping, withoutGuests } from '../support/contract/skipping.ts';
import { Home } from '../support/contract/smolvm.ts';
import { open, recordOf } from '../support/contract/state.ts';
import { atLeast } from '../support/contract/version.ts';

describe('version differences without a running machine', () => {
  let home: Home;
  beforeAll(() => {
    home = new Home();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('stop of an unknown machine exits 0 before 0.8.1, and 1 since', async () => {
    const text = { stdout: "Machine 'nobody' not found or not running\n", stderr: '' };
    expect(await home.run(['machine', 'stop', '-n', 'nobody'])).toEqual(
      atLeast('0.8.1')
        ? { code: 1, stdout: '', stderr: 'Error: vm not found: nobody\n' }
        : { code: 0, ...text },
    );
  });

  it('data-dir of an unknown machine prints a folder before 0.8.1, and fails since', async () => {
    const { code } = await home.run(['machine', 'data-dir', ...named('nobody')]);
    expect(code).toBe(atLeast('0.8.1') ? 1 : 0);
  });

  it('the state DB has a reservations table since 1.0.0, and fork tables at 1.9.3', async () => {
    await home.ok('machine', 'ls');
    using database = open(home);
    const rows = database.sqlite.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const tables = rows.map(({ name }) => String(name));
    expect(tables).toEqual(expect.arrayContaining(['vms', 'config']));
    expect(tables.includes('vm_create_reservations')).toBe(atLeast('1.0.0'));
    if (atLeast('1.9.3')) expect(tables).toEqual(expect.arrayContaining(['fork_pools', 'fork_leases']));
  });

  it('-e KEY forwards the value of the host since 0.8.1', async () => {
    const env = { ...home.env, LONELY: 'of the host' };
    await home.run(['machine', 'create', ...named('lonely'), '-e', 'LONELY'], { env });
    expect(recordOf(home, 'lonely').env).toEqual(atLeast('0.8.1') ? [['LONELY', 'of the host']] : []);
  });

  it('create takes a policy only with TSI before 1.1.3, and only with virtio-net since', async () => {
    const create = (backend: string) =>
      home.run(['machine', 'create', ...named(backend), '--net-backend', backend, '--allow-cidr', '1.2.3.4']);
    const [good, bad] = atLeast('1.1.3') ? ['virtio-net', 'tsi'] : ['tsi', 'virtio-net'];
    expect((await create(good ?? '')).code).toBe(0);
    const { code, stderr } = await create(bad ?? '');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^Error: config operation failed: egress: .*virtio-net/),
    });
    if (atLeast('1.1.3')) expect(stderr).toContain('TSI does not enforce it.');
  });
});

const { skipped, titled } = skipping(withoutGuests());

describe.skipIf(skipped)(titled('version differences with a running machine'), () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.start();
    await fixture.boot('m', await fixture.pack(fixture.publish('versions:1')));
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it('exec returns 255 for a command killed by a signal before 0.8.1, and 128 + n since', async () => {
    const { code } = await fixture.home.exec('m', 'sh', '-c', 'kill -9 $$');
    expect(code).toBe(atLeast('0.8.1') ? 137 : 255);
  });

  it('packs are unpacked into one cache for all machines before 1.0.0', async () => {
    expect(existsSync(`${fixture.home.path}/c/smolvm-pack`)).toBe(!atLeast('1.0.0'));
  });

  it('delete leaves a running machine alive before 0.8.1, and stops it since', async () => {
    const pid = Number(recordOf(fixture.home, 'm').pid);
    const { stdout } = await fixture.home.run(['machine', 'delete', '-f', ...named('m')]);
    expect(stdout).toMatch(atLeast('0.8.1') ? /^Stopping machine 'm'/ : /^Cleaning up/);
    expect(await fixture.home.ok('machine', 'ls')).toBe('No machines found\n');
    const alive = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) !== '';
    expect(alive).toBe(!atLeast('0.8.1'));
    if (alive) process.kill(pid, 'SIGKILL');
    await sleep(300);
    await fixture.home.ok('machine', 'ls');
  });
});
