import { existsSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { named } from '../support/contract/grammar.ts';
import { skipping, withoutGuests } from '../support/contract/skipping.ts';
import { IS_ROOTLESS, type Outcome, SMOLVM } from '../support/contract/smolvm.ts';
import { recordOf } from '../support/contract/state.ts';
import { atLeast } from '../support/contract/version.ts';

const isFake = SMOLVM.includes('smolvm-fakes/');

const { skipped, titled } = skipping(isFake ? undefined : 'this is no fake', withoutGuests());

describe.skipIf(skipped)(titled('SMOLVM_FAKE_FAULTS'), () => {
  let fixture: Fixture;
  let sidecar: string;
  /** Takes as long as smolvm waits for its database, so it runs in parallel with the other tests. */
  let lockedOut: Promise<Outcome>;
  beforeAll(async () => {
    fixture = await Fixture.start();
    sidecar = await fixture.pack(fixture.publish('faults:1'));
    await fixture.boot('m', sidecar);
    lockedOut = run('db:busy=20s', 'machine', 'ls');
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const run = (faults: string, ...args: string[]) =>
    fixture.home.run(args, { env: { ...fixture.home.env, SMOLVM_FAKE_FAULTS: faults } });
  const exec = (faults: string, ...command: string[]) =>
    run(faults, 'machine', 'exec', '--name', 'm', '--', ...command);
  const create = (faults: string, name: string) =>
    run(faults, 'machine', 'create', ...named(name), '--from', sidecar);
  const restart = async () => {
    await fixture.home.ok('machine', 'stop', '-n', 'm');
    await fixture.home.ok('machine', 'start', '-n', 'm');
  };

  it('a typo in SMOLVM_FAKE_FAULTS is a usage error of every command', async () => {
    expect(await run('exec:rase=1', '--version')).toEqual({
      code: 2,
      stdout: '',
      stderr: "error: SMOLVM_FAKE_FAULTS: 'exec:rase': there is no such fault\n",
    });
  });

  it('VERB:fail fails that verb before it does anything, and no other verb', async () => {
    const { code, stderr } = await create('create:fail', 'failed');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^Error: agent operation failed/),
    });
    expect(() => recordOf(fixture.home, 'failed')).toThrow();
    expect((await run('create:fail', 'machine', 'ls')).code).toBe(0);
  });

  it('VERB:slow delays the verb', async () => {
    const before = performance.now();
    expect((await run('ls:slow=1500ms', 'machine', 'ls')).code).toBe(0);
    expect(performance.now() - before).toBeGreaterThan(1_500);
  });

  it('VERB:hang makes the verb hang until it is killed', async () => {
    const child = fixture.home.start(['machine', 'exec', '--name', 'm', '--', 'true'], {
      env: { ...fixture.home.env, SMOLVM_FAKE_FAULTS: 'exec:hang' },
    });
    expect(await Promise.race([child.then(() => 'ended'), sleep(1_500, 'hangs')])).toBe('hangs');
    child.kill('SIGTERM');
    await child;
  });

  it('exec:race and exec:killed fail the first execs after every start, and only those', async () => {
    for (const _ of ['first start', 'second start']) {
      await restart();
      const codes: number[] = [];
      for (let turn = 0; turn < 4; turn += 1)
        codes.push((await exec('exec:race=2,exec:killed=1', 'true')).code);
      expect(codes).toEqual([1, 1, atLeast('0.8.1') ? 137 : 255, 0]);
    }
  });

  it('exec:lose-exit loses the exit code of a command that has run', async () => {
    const { code, stdout, stderr } = await exec('exec:lose-exit', 'sh', '-c', 'echo done; exit 0');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'done\n' });
    expect(stderr).toContain('connection closed');
  });

  it('exec:die kills smolvm and the command, but not the machine', async () => {
    const { code } = await exec('exec:die', 'sleep', '3131');
    expect(code).toBe(-1);
    await sleep(300);
    expect((await exec('', 'sh', '-c', 'cat /proc/[0-9]*/cmdline')).stdout).not.toContain('sleep\x003131');
  });

  it('create:die leaves no record, and the name can be created again', async () => {
    expect((await create('create:die', 'halfway')).code).toBe(-1);
    expect(() => recordOf(fixture.home, 'halfway')).toThrow();
    expect((await create('', 'halfway')).code).toBe(0);
  });

  it('start:die leaves a running machine whose record says that it is not running', async () => {
    await create('', 'ghost');
    expect((await run('start:die', 'machine', 'start', '-n', 'ghost')).code).toBe(-1);
    expect(recordOf(fixture.home, 'ghost')).toMatchObject({ state: 'created', pid: null });
    const runtime = IS_ROOTLESS ? join(fixture.home.path, 'd/smolvm/runtime') : '/run/smolvm-fake';
    const { stdout } = await execa('grep', ['-rl', '"machine":"ghost"', join(runtime, 'machines')], {
      reject: false,
    });
    expect(stdout).not.toBe('');
    const entry = await execa('sed', ['-E', 's/.*"pid":([0-9]+).*/\\1/', stdout.split('\n')[0] ?? '']);
    process.kill(Number(entry.stdout), 'SIGKILL');
    await sleep(300);
    await fixture.home.ok('machine', 'ls');
  });

  it('stop:die leaves a dead machine whose record says that it is running', async () => {
    expect((await run('stop:die', 'machine', 'stop', '-n', 'm')).code).toBe(-1);
    expect(recordOf(fixture.home, 'm').state).toBe('running');
    expect(await fixture.home.ok('machine', 'status', '-n', 'm')).toBe("Machine 'm': not running\n");
    await fixture.home.ok('machine', 'start', '-n', 'm');
  });

  it('delete:die removes the record but leaves the folder', async () => {
    await create('', 'orphan');
    const folder = (await fixture.home.ok('machine', 'data-dir', ...named('orphan'))).trim();
    expect((await run('delete:die', 'machine', 'delete', '-f', ...named('orphan'))).code).toBe(-1);
    expect(() => recordOf(fixture.home, 'orphan')).toThrow();
    expect(existsSync(folder)).toBe(true);
  });

  it('pack:die leaves only a partial sidecar', async () => {
    const folder = await mkdtemp(join(fixture.home.path, 'pack-'));
    const image = `localhost:${fixture.registry.port}/faults:1`;
    expect((await run('pack:die', 'pack', 'create', '--image', image, '-o', join(folder, 'x'))).code).toBe(
      -1,
    );
    expect((await readdir(folder)).map((name) => name.replace(/\d+$/, 'PID'))).toEqual([
      'x.smolmachine.partial-PID',
    ]);
  });

  it('vm:death kills the machine silently some time after its start', async () => {
    await fixture.home.ok('machine', 'stop', '-n', 'm');
    await run('vm:death=2s', 'machine', 'start', '-n', 'm');
    expect((await exec('', 'true')).code).toBe(0);
    await sleep(2_500);
    expect(recordOf(fixture.home, 'm').state).toBe('running');
    expect((await exec('', 'true')).stderr).toContain("machine 'm' is not running");
    await fixture.home.ok('machine', 'start', '-n', 'm');
  });

  it('db:busy delays a verb, and fails it when the lock outlasts the timeout of smolvm', async () => {
    const before = performance.now();
    expect((await run('db:busy=1s', 'machine', 'ls')).code).toBe(0);
    expect(performance.now() - before).toBeGreaterThan(1_000);
    expect((await lockedOut).stderr).toBe(
      'Error: database operation failed: begin transaction: database is locked\n',
    );
  });

  it('disk:full fails create and pack, and leaves no record and no pack', async () => {
    expect((await create('disk:full', 'nospace')).code).toBe(1);
    expect(() => recordOf(fixture.home, 'nospace')).toThrow();
    const output = join(fixture.home.path, 'nospace');
    const image = `localhost:${fixture.registry.port}/faults:1`;
    const { code, stderr } = await run('disk:full', 'pack', 'create', '--image', image, '-o', output);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('No space left on device') });
    expect((await readdir(fixture.home.path)).filter((name) => name.startsWith('nospace'))).toEqual([]);
  });
});
