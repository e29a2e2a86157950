import { access, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { canInstallDebianPackages, onPath } from '../../../lib/docker/debian-host.ts';
import { startedByKit } from '../../../lib/docker/engine/record.ts';
import { ensureEngine, stopEngine } from '../../../lib/docker/engine.ts';
import { isProcessAlive } from '../../../lib/host/process-identity.ts';

/** A second engine needs dockerd, root, and no systemd, which would start the first one instead. */
const canRunSecond =
  (await canInstallDebianPackages()) &&
  (await onPath('dockerd')) &&
  (await access('/run/systemd/system').then(
    () => false,
    () => true,
  ));

describe('running Docker engine', () => {
  it('ensureEngine returns the version of a running engine and leaves it alone', async () => {
    const info = await ensureEngine({ say: () => expect.unreachable('nothing should be announced') });
    expect(info).toEqual({ version: expect.stringMatching(/^\d+\.\d+/), startedByUs: false });
  });
});

// Skipped without root or dockerd, and where systemd runs the engine.
describe.runIf(canRunSecond)('engine started by the kit', () => {
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

  it('concurrent launches start one engine, and stopEngine ends it with its containerd', async () => {
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

  it('the engine runs in its own session and writes to its own log', async () => {
    await ensureEngine({ say, local: local() });
    const started = await startedByKit();
    const { pid } = started?.by === 'kit' ? started.dockerd : expect.unreachable('no record');
    const open = await Promise.all([0, 1, 2].map((descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`)));
    const log = join(directory, 'cache', 'engine', 'dockerd.log');
    expect(open).toEqual(['/dev/null', log, log]);
    expect((await execa('ps', ['-o', 'sid=', '-p', String(pid)])).stdout.trim()).toBe(String(pid));
  });

  it('an engine that cannot start causes an error with its last output', async () => {
    const broken = { ...local(), daemonArguments: ['--no-such-option'] };
    await expect(ensureEngine({ say, local: broken })).rejects.toMatchObject({
      code: 'engine-missing',
      message: expect.stringContaining('no-such-option'),
    });
  });
});

/**
 * Puts a `dockerd` first on the PATH that runs in its own network namespace. Otherwise a second daemon would
 * remove the first one's bridge, even with `--bridge none`.
 */
async function isolateDaemon(folder: string): Promise<void> {
  const daemon = (await execa('sh', ['-c', 'command -v dockerd'])).stdout;
  await writeFile(join(folder, 'dockerd'), `#!/bin/sh\nexec unshare --net ${daemon} "$@"\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
}
