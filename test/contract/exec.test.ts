import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fixture } from '../support/contract/fixture.ts';
import { named } from '../support/contract/grammar.ts';
import { skipping, withoutGuests } from '../support/contract/skipping.ts';
import { SMOLVM } from '../support/contract/smolvm.ts';
import { atLeast } from '../support/contract/version.ts';

const killed = (signal: number) => (atLeast('0.8.1') ? 128 + signal : 255);

const { skipped, titled } = skipping(withoutGuests());

describe.skipIf(skipped)(titled('commands in a running machine'), () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.start();
    const sidecar = await fixture.pack(
      fixture.publish('exec:1', { env: ['A=image', 'B=image'], user: 'node' }),
    );
    await fixture.boot('m', sidecar, {}, '-e', 'B=record');
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  const sh = (script: string, ...flags: string[]) =>
    fixture.home.run(['machine', 'exec', '--name', 'm', ...flags, '--', 'sh', '-c', script]);

  it.each([0, 1, 42, 124, 130, 255])('exec passes on exit code %i', async (code) => {
    expect((await sh(`exit ${code}`)).code).toBe(code);
  });

  it('exec returns 128 + n for a command killed by signal n, but 255 before 0.8.1', async () => {
    expect((await sh('kill -9 $$')).code).toBe(killed(9));
    expect((await sh('kill -TERM $$')).code).toBe(killed(15));
  });

  it('exec writes stdout before stderr, byte for byte', async () => {
    const script = String.raw`echo first >&2; printf '\000\377\r\n'`;
    const { stdout, stderr } = await fixture.home.start(
      ['machine', 'exec', '--name', 'm', '--', 'sh', '-c', script],
      { encoding: 'buffer' },
    );
    expect(Buffer.from(stdout as Uint8Array)).toEqual(Buffer.from([0, 255, 13, 10]));
    expect(String(Buffer.from(stderr as Uint8Array))).toBe('first\n');
  });

  it('exec without -i gives the command no input, even when smolvm has some', async () => {
    const args = ['machine', 'exec', '--name', 'm', '--', 'cat'];
    expect(await fixture.home.run(args, { input: 'hello' })).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('exec -i passes all input to the command', async () => {
    const input = Buffer.alloc(300_000, 'x').toString();
    const { code, stdout } = await fixture.home.run(['machine', 'exec', '--name', 'm', '-i', '--', 'cat'], {
      input,
    });
    expect({ code, same: stdout === input }).toEqual({ code: 0, same: true });
  });

  it('exec --stream shows output as it arrives', async () => {
    const child = fixture.home.start([
      'machine',
      'exec',
      '--name',
      'm',
      '--stream',
      '--',
      'sh',
      '-c',
      'echo now; cat',
    ]);
    const first = await new Promise((resolve) => child.stdout?.once('data', resolve));
    expect(String(first)).toBe('now\n');
    const state = await Promise.race([child.then(() => 'ended'), sleep(500, 'running')]);
    expect(state).toBe('running');
    child.kill('SIGTERM');
    await child;
  });

  it('exec -t allocates a terminal of size 0x0 that ends with the piped input', async () => {
    const args = [
      'machine',
      'exec',
      '--name',
      'm',
      '-it',
      '--',
      'sh',
      '-c',
      'test -t 0 && test -t 1 && stty size; cat; exit 7',
    ];
    const { code, stdout } = await fixture.home.run(args, { input: 'one\ntwo' });
    expect(code).toBe(7);
    expect(stdout).toMatch(/0 0\r\n/);
    expect(stdout).toContain('two');
  });

  it('exec -t distinguishes an exit code from a signal', async () => {
    expect((await sh('exit 130', '-it')).code).toBe(130);
    expect((await sh('kill -TERM $$', '-t')).code).toBe(killed(15));
  });

  it('exec -it passes bytes unchanged to our own terminal and restores its settings', async () => {
    const inner = `'${SMOLVM}' machine exec --name m -it -- sh -c 'stty raw; printf "a\\nb"'; stty -a`;
    const { stdout } = await execa('script', ['--quiet', '--command', inner, '/dev/null'], {
      env: { ...fixture.home.env, SHELL: '/bin/sh' },
      extendEnv: false,
      input: '',
    });
    expect(stdout).toContain('a\nb');
    for (const setting of [/^opost /m, / onlcr /, / icanon /, / echo /]) expect(stdout).toMatch(setting);
  });

  it('exec --timeout ends the command when time is up, and exits with 124', async () => {
    const { code, stderr } = await sh('exec sleep 4242', '--timeout', '300ms');
    expect({ code, stderr }).toEqual({ code: 124, stderr: expect.stringContaining('timed out after 300ms') });
    expect(await running('sleep 4242')).toBe(false);
  });

  it('ending smolvm ends the command but not the machine', async () => {
    const child = fixture.home.start(['machine', 'exec', '--name', 'm', '--', 'sleep', '5151']);
    await until(() => running('sleep 5151'));
    child.kill('SIGTERM');
    await child;
    await until(async () => !(await running('sleep 5151')));
    expect((await sh('true')).code).toBe(0);
  });

  it('exec returns at once even if a background process keeps the output open', async () => {
    const before = performance.now();
    expect((await sh('sleep 30 & echo started')).stdout).toBe('started\n');
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('commands get the env of image, record and -e, later ones winning, and none of the host', async () => {
    const env = { ...fixture.home.env, HOST_SECRET: 'leak' };
    const args = [
      'machine',
      'exec',
      '--name',
      'm',
      '-e',
      'C=cli=1',
      '-e',
      'A=cli',
      '-e',
      'DROPPED',
      '--',
      'env',
    ];
    const { stdout } = await fixture.home.run(args, { env });
    const lines = stdout.trim().split('\n').sort();
    expect(lines).toEqual(expect.arrayContaining(['A=cli', 'B=record', 'C=cli=1']));
    expect(lines.map((line) => line.split('=')[0])).toEqual(['A', 'B', 'C', 'HOME', 'PATH']);
  });

  it('no process on the host except smolvm shows -e values in its command line', async () => {
    const child = fixture.home.start([
      'machine',
      'exec',
      '--name',
      'm',
      '-e',
      'T=hush-hush',
      '--',
      'sleep',
      '6161',
    ]);
    await until(() => running('sleep 6161'));
    const { stdout } = await execa('ps', ['-eo', 'pid,args']);
    const showing = stdout.split('\n').filter((line) => line.includes('hush-hush'));
    // smolvm's own command line is the only leak in 0.8.0.
    expect(showing.filter((line) => !line.includes('machine exec'))).toEqual([]);
    child.kill('SIGTERM');
    await child;
  });

  it('exec -w sets the working directory', async () => {
    expect((await sh('pwd', '-w', '/home/node')).stdout).toBe('/home/node\n');
  });

  it('commands in a packed machine run as root, and root owns the files', async () => {
    expect((await sh('id -u; stat -c %u:%g:%a /home/node /home/node/notes')).stdout).toBe(
      '0\n0:0:750\n0:0:644\n',
    );
  });

  it('a guest has its own processes, host name, resolver and open-file limit', async () => {
    expect((await sh('hostname; cat /etc/resolv.conf; ulimit -n')).stdout).toBe(
      'container\nnameserver 8.8.8.8\nnameserver 1.1.1.1\n1024\n',
    );
    const { stdout } = await sh('for p in /proc/[0-9]*; do cat $p/comm; done');
    expect(stdout.split('\n').length).toBeLessThan(12);
  });

  it("a guest cannot mount, read the host's disks, or see the host's root", async () => {
    expect((await sh('mount -t tmpfs none /tmp')).code).not.toBe(0);
    expect(
      (
        await sh(
          'for d in "254 0" "8 0" "259 0" "253 0"; do rm -f /tmp/disk; mknod /tmp/disk b $d; head -c 1 /tmp/disk && echo READ; done',
        )
      ).stdout,
    ).not.toContain('READ');
    expect((await sh('ls /proc/1/root/work /proc/1/root/var/lib/docker /proc/1/root/boot')).code).not.toBe(0);
  });

  it('exec fails with the messages of 0.8.0 when the machine is unknown or stopped', async () => {
    expect(await fixture.home.exec('nobody', 'true')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: vm not found: nobody\n',
    });
    await fixture.home.ok('machine', 'create', ...named('idle'));
    expect((await fixture.home.exec('idle', 'true')).stderr).toBe(
      "Error: agent operation failed: connect: machine 'idle' is not running. Use 'smolvm machine start --name idle' first.\n",
    );
    expect((await fixture.home.run(['machine', 'exec', '--', 'true'])).stderr).toContain(
      "machine 'default' not found",
    );
    expect((await fixture.home.exec('a--b', 'true')).stderr).toContain(
      'validate machine name: machine name cannot',
    );
  });

  it('exec fails with a non-zero code when there is no such program', async () => {
    const { code, stderr } = await fixture.home.exec('m', 'no-such-program');
    expect(code).not.toBe(0);
    expect(stderr).toContain('no-such-program');
  });

  it('cp drops the exec bit and follows no link out of the guest', async () => {
    const local = join(fixture.home.path, 'script');
    await writeFile(local, 'echo hi\n', { mode: 0o755 });
    const up = await fixture.home.run(['machine', 'cp', local, 'm:/opt/new/script']);
    expect({ code: up.code, stdout: up.stdout }).toEqual({ code: 0, stdout: '' });
    expect(up.stderr).toMatch(/^Uploading .*script -> \/opt\/new\/script: 8 B \/ 8 B \(100\.0%, .*\/s\)\n$/);
    expect((await sh('stat -c %a:%u /opt/new/script')).stdout).toBe('644:0\n');
    await fixture.home.ok('machine', 'cp', 'm:/opt/new/script', `${local}.back`);
    expect(await readFile(`${local}.back`, 'utf8')).toBe('echo hi\n');

    await sh(`mkdir -p ${fixture.home.path}; ln -s ${local} /opt/link`);
    expect((await fixture.home.run(['machine', 'cp', 'm:/opt/link', `${local}.stolen`])).code).toBe(1);
    expect((await fixture.home.run(['machine', 'cp', 'm:/../x', `${local}.stolen`])).code).toBe(1);
    expect((await fixture.home.run(['machine', 'cp', local, `${local}.b`])).stderr).toContain(
      'one of SRC or DST must use machine:path syntax',
    );
  });

  async function running(command: string): Promise<boolean> {
    const list = `opendir my $d, '/proc' or die; for my $p (grep /^[0-9]/, readdir $d) {
      open my $f, '<', "/proc/$p/cmdline" or next; my $l = <$f> // ''; $l =~ tr/\\0/ /; print "$l\\n" }`;
    const { code, stdout } = await fixture.home.exec('m', 'perl', '-e', list);
    expect(code).toBe(0);
    return stdout.split('\n').some((line) => line.trim() === command);
  }

  async function until(condition: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      if (await condition()) return;
      await sleep(100);
    }
    throw new Error('it did not come to pass within 5 s');
  }
});
