import { access, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { canInstallDebianPackages, onPath } from '../../../lib/docker/debian-host.ts';
import { startedByKit } from '../../../lib/docker/engine/record.ts';
import { ensureEngine, stopEngine } from '../../../lib/docker/engine.ts';
import { isProcessAlive } from '../../../lib/host/process-identity.ts';

/** A second engine needs a daemon, root, and no systemd that would start the first one in its place. */
const canRunSecond =
  (await canInstallDebianPackages()) &&
  (await onPath('dockerd')) &&
  (await access('/run/systemd/system').then(
    () => false,
    () => true,
  ));

describe('the engine that runs here', () => {
  it('answers with its version and is left as it is', async () => {
    const info = await ensureEngine({ say: () => expect.unreachable('nothing is to be said') });
    expect(info).toEqual({ version: expect.stringMatching(/^\d+\.\d+/), startedByUs: false });
  });
});

// Skipped without root, without dockerd, and where systemd runs the engine.
describe.runIf(canRunSecond)('an engine that the kit starts', () => {
  let directory: string;
  let said: string[] = [];
  const say = (line: string) => said.push(line);
  const local = () => ({
    host: `unix://${directory}/docker.sock`,
    daemonArguments: [
      ...['--data-root', `${directory}/data`, '--exec-root', `${directory}/exec`],
      ...[
        '--pidfile',
        `${directory}/docker.pid`,
        '--bridge',
        'none',
        '--iptables=false',
        '--ip6tables=false',
      ],
    ],
  });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'engine-'));
    vi.stubEnv('BOT_BOTTLE_CACHE', join(directory, 'cache'));
    await isolateDaemon(directory);
  });
  afterEach(async () => {
    await stopEngine();
    said = [];
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true, force: true });
  });

  it('is started once by two launches at once, and is gone when stopped, its containerd too', async () => {
    const infos = await Promise.all([
      ensureEngine({ say, local: local() }),
      ensureEngine({ say, local: local() }),
    ]);
    expect(infos.map((info) => info.startedByUs).sort()).toEqual([false, true]);
    expect(said).toContain('no Docker engine answers: starting one');

    const started = await startedByKit();
    const dockerd = started?.by === 'kit' ? started.dockerd : expect.unreachable('no record');
    const family = (await execa('ps', ['-o', 'pid=', '--ppid', String(dockerd.pid)])).stdout.split('\n');
    expect(await stopEngine()).toBe(true);
    expect(await isProcessAlive(dockerd)).toBe(false);
    for (const pid of family) await expect(access(`/proc/${pid.trim()}`)).rejects.toThrow();
    expect(await stopEngine()).toBe(false);
  });

  it('holds no output of the one who started it, and has a session of its own', async () => {
    await ensureEngine({ say, local: local() });
    const started = await startedByKit();
    const { pid } = started?.by === 'kit' ? started.dockerd : expect.unreachable('no record');
    const open = await Promise.all([0, 1, 2].map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`)));
    const log = join(directory, 'cache', 'engine', 'dockerd.log');
    expect(open).toEqual(['/dev/null', log, log]);
    expect((await execa('ps', ['-o', 'sid=', '-p', String(pid)])).stdout.trim()).toBe(String(pid));
  });

  it('that cannot start is an error with its last words', async () => {
    const broken = { ...local(), daemonArguments: ['--no-such-option'] };
    await expect(ensureEngine({ say, local: broken })).rejects.toMatchObject({
      code: 'engine-missing',
      message: expect.stringContaining('no-such-option'),
    });
  });
});

/**
 * Puts a `dockerd` first on the PATH that runs in a network namespace of its own: a second daemon beside another
 * would take the first one's bridge away, whatever it is told about bridges.
 */
async function isolateDaemon(folder: string): Promise<void> {
  const daemon = (await execa('sh', ['-c', 'command -v dockerd'])).stdout;
  await writeFile(join(folder, 'dockerd'), `#!/bin/sh\nexec unshare --net ${daemon} "$@"\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
}
