import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  canInstallDebianPackages,
  installDebianPackages,
  runLogged,
} from '../../../lib/docker/debian-host.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

let machine: Machine;
beforeEach(() => {
  machine = makeMachine();
});
afterEach(() => machine.remove());

function osRelease(text: string): string {
  const path = join(machine.directory, 'os-release');
  writeFileSync(path, text);
  return path;
}

const root = process.platform === 'linux' && process.getuid?.() === 0;

describe.runIf(root)('canInstallDebianPackages, as root', () => {
  it.each(['ID=debian\n', 'NAME=x\nID=ubuntu\nID_LIKE=debian\n', 'ID=mint\nID_LIKE="ubuntu debian"\n'])(
    '%j counts as Debian',
    async (text) => {
      machine.program('apt-get', 'exit 0');
      expect(await canInstallDebianPackages(osRelease(text))).toBe(true);
    },
  );

  it.each(['ID=fedora\nVERSION_ID=debian\n', 'ID=nodebian\n', ''])(
    '%j does not count as Debian',
    async (text) => {
      machine.program('apt-get', 'exit 0');
      expect(await canInstallDebianPackages(osRelease(text))).toBe(false);
    },
  );

  it('Debian without apt-get does not count', async () => {
    expect(await canInstallDebianPackages(osRelease('ID=debian\n'))).toBe(false);
  });
});

describe('installDebianPackages', () => {
  it('a failure of apt shows its last lines and the path of the log', async () => {
    machine.program('apt-get', 'echo reading; echo "E: Unable to locate package $#" >&2; exit 100');
    const failure = installDebianPackages(['no-such'], 'engine-missing');
    await expect(failure).rejects.toMatchObject({
      code: 'engine-missing',
      message: expect.stringContaining('E: Unable to locate package'),
      hint: expect.stringContaining(join(machine.directory, 'cache', 'logs', 'apt.log')),
    });
  });

  it('apt runs noninteractively and installs only the named packages', async () => {
    machine.program('apt-get', `echo "$DEBIAN_FRONTEND $*" >> ${machine.directory}/calls`);
    await installDebianPackages(['docker.io'], 'engine-missing');
    const calls = readFileSync(join(machine.directory, 'calls'), 'utf8').trim().split('\n');
    expect(calls.at(-1)).toMatch(/^noninteractive .*-y .*install --no-install-recommends docker\.io$/);
  });

  it('a full disk is reported as disk-full', async () => {
    machine.program('apt-get', 'echo "dpkg: error: No space left on device" >&2; exit 100');
    await expect(installDebianPackages(['x'], 'engine-missing')).rejects.toMatchObject({ code: 'disk-full' });
  });
});

describe('runLogged', () => {
  const logs = () => join(machine.directory, 'cache', 'logs');

  it('runLogged has written all output to the log when it resolves', async () => {
    machine.program('builder', 'echo one; echo two >&2');
    await runLogged({ log: 'builder', command: ['builder'], code: 'image-unavailable' });
    expect(readFileSync(join(logs(), 'builder.log'), 'utf8').split('\n').toSorted()).toEqual([
      '',
      'one',
      'two',
    ]);
  });

  it('runLogged continues when the log cannot be written', async () => {
    mkdirSync(join(logs(), 'builder.log'), { recursive: true });
    machine.program('builder', `echo built; echo done > ${machine.directory}/result`);
    await runLogged({ log: 'builder', command: ['builder'], code: 'image-unavailable' });
    expect(readFileSync(join(machine.directory, 'result'), 'utf8')).toBe('done\n');
  });

  it('an abort ends the program and its child processes immediately', async () => {
    machine.program('builder', `/bin/sleep 30 & echo $! > ${machine.directory}/pid; wait`);
    const start = performance.now();
    const run = runLogged({
      log: 'builder',
      command: ['builder'],
      code: 'image-unavailable',
      signal: AbortSignal.timeout(300),
    });
    await expect(run).rejects.toThrow(/abort/i);
    expect(performance.now() - start).toBeLessThan(5_000);
    const child = Number(readFileSync(join(machine.directory, 'pid'), 'utf8'));
    await expect.poll(() => isRunning(child)).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    // A process that exited but has not been reaped is still listed as a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
