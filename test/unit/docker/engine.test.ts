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
  it('leaves an engine that answers as it is', async () => {
    machine.program('docker', 'echo 28.1.0');
    expect(await ensureEngine({ say })).toEqual({ version: '28.1.0', startedByUs: false });
    expect(said).toEqual([]);
  });

  it('starts none where BOT_BOTTLE_ENGINE=none', async () => {
    vi.stubEnv('BOT_BOTTLE_ENGINE', 'none');
    machine.program('docker', SILENT);
    machine.program('dockerd', `touch ${machine.directory}/started`);
    await expect(ensureEngine({ say })).rejects.toMatchObject({
      code: 'engine-missing',
      message: expect.stringContaining('BOT_BOTTLE_ENGINE=none'),
    });
    expect(() => readFileSync(join(machine.directory, 'started'))).toThrow();
  });

  it('tells a user whom the socket refuses about the docker group, and starts nothing', async () => {
    machine.program(
      'docker',
      'echo "permission denied while trying to connect to the Docker daemon" >&2; exit 1',
    );
    await expect(ensureEngine({ say })).rejects.toMatchObject({
      message: 'the Docker engine runs, but its socket refuses this user',
      hint: expect.stringContaining('docker group'),
    });
  });

  it('starts no local engine in place of the one that DOCKER_HOST names', async () => {
    vi.stubEnv('DOCKER_HOST', 'ssh://builder.test');
    machine.program('docker', SILENT);
    await expect(ensureEngine({ say })).rejects.toThrow('DOCKER_HOST (ssh://builder.test)');
  });

  it('starts no local engine in place of the one of a chosen context', async () => {
    machine.program('docker', `[ "$1" = context ] && echo colima && exit 0; ${SILENT}`);
    await expect(ensureEngine({ say })).rejects.toThrow("the docker context 'colima'");
  });
});

describe('stopEngine', () => {
  it('stops nothing where the kit has started nothing', async () => {
    expect(await stopEngine()).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')(
    'does not touch the process that has the recorded number now but is another one',
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
