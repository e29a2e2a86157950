import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureEngine, stopEngine } from '../../../lib/docker/engine.ts';
import { type Machine, makeMachine } from '../../support/docker-programs.ts';

const SILENT = 'echo "Cannot connect to the Docker daemon" >&2; exit 1';

let machine: Machine;
let said: string[];
const say = (line: string) => said.push(line);
beforeEach(() => {
  machine = makeMachine();
  said = [];
});
afterEach(() => machine.remove());

describe('ensureEngine', () => {
  it('ensureEngine leaves a running engine alone', async () => {
    machine.program('docker', 'echo 28.1.0');
    expect(await ensureEngine({ say })).toEqual({ version: '28.1.0', startedByUs: false });
    expect(said).toEqual([]);
  });

  it('ensureEngine starts no engine with BOT_BOTTLE_ENGINE=none', async () => {
    vi.stubEnv('BOT_BOTTLE_ENGINE', 'none');
    machine.program('docker', SILENT);
    machine.program('dockerd', `touch ${machine.directory}/started`);
    await expect(ensureEngine({ say })).rejects.toMatchObject({
      code: 'engine-missing',
      message: expect.stringContaining('BOT_BOTTLE_ENGINE=none'),
    });
    expect(() => readFileSync(join(machine.directory, 'started'))).toThrow();
  });

  it('ensureEngine suggests the docker group when the user cannot access the socket', async () => {
    machine.program(
      'docker',
      'echo "permission denied while trying to connect to the Docker daemon" >&2; exit 1',
    );
    await expect(ensureEngine({ say })).rejects.toMatchObject({
      message: 'the Docker engine is running, but this user cannot access its socket',
      hint: expect.stringContaining('docker group'),
    });
  });

  it('podman’s docker command is refused by its name', async () => {
    // As podman 4.3.1 answers.
    const fails = `printf '4.3.1 '; echo 'Error: template: version:1:22: executing "version"' >&2; exit 125`;
    machine.program('docker', `[ "$1" = --version ] && echo 'podman version 4.3.1' && exit; ${fails}`);
    await expect(ensureEngine({ say })).rejects.toMatchObject({
      code: 'engine-missing',
      message: expect.stringContaining("is podman's (podman version 4.3.1)"),
    });
  });

  it.each(['ssh://me@builder.test', 'tcp://builder.test:2376', 'tcp://192.168.49.2:2376'])(
    'an engine on another machine is refused: %s',
    async (address) => {
      machine.program('docker', `[ "$1" = version ] && echo '28.1.0 far' || echo ${address}`);
      await expect(ensureEngine({ say })).rejects.toMatchObject({
        code: 'engine-missing',
        message: expect.stringContaining(`is on another machine (${address})`),
      });
      vi.stubEnv('DOCKER_HOST', address);
      machine.program('docker', `[ "$1" = version ] && echo '28.1.0 default'`);
      await expect(ensureEngine({ say })).rejects.toMatchObject({ code: 'engine-missing' });
    },
  );

  it.each([
    'unix:///run/user/1000/docker.sock',
    'tcp://localhost:2375',
    'tcp://[::1]:2375',
    'npipe:////./pipe/x',
  ])('an engine on this machine is fine, wherever it listens: %s', async (address) => {
    machine.program('docker', `[ "$1" = version ] && echo '28.1.0 near' || echo ${address}`);
    expect(await ensureEngine({ say })).toMatchObject({ version: '28.1.0' });
  });

  it('ensureEngine starts no local engine when DOCKER_HOST names another one', async () => {
    vi.stubEnv('DOCKER_HOST', 'ssh://builder.test');
    machine.program('docker', SILENT);
    await expect(ensureEngine({ say })).rejects.toThrow('DOCKER_HOST (ssh://builder.test)');
  });

  it('ensureEngine starts no local engine when a docker context is selected', async () => {
    machine.program('docker', `[ "$1" = context ] && echo colima && exit 0; ${SILENT}`);
    await expect(ensureEngine({ say })).rejects.toThrow("the docker context 'colima'");
  });
});

describe('stopEngine', () => {
  it('stopEngine stops nothing if the kit started nothing', async () => {
    expect(await stopEngine()).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')(
    'stopEngine does not stop another process that has reused the recorded pid',
    async () => {
      const folder = join(machine.directory, 'cache', 'engine');
      mkdirSync(folder, { recursive: true });
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const dockerd = { pid: process.pid, started: '1' };
      writeFileSync(join(folder, 'engine.json'), JSON.stringify({ boot, started: { by: 'kit', dockerd } }));
      expect(await stopEngine()).toBe(false);
    },
  );
});
