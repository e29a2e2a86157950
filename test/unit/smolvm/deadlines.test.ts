import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dockerTry } from '../../../lib/docker/cli.ts';
import { dockerDeadline } from '../../../lib/docker/deadlines.ts';
import { SmolvmClient } from '../../../lib/smolvm/client.ts';
import { smolvmDeadline } from '../../../lib/smolvm/deadlines.ts';

let directory: string;
let hanging: string;
let stubborn: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  hanging = join(directory, 'docker');
  stubborn = join(directory, 'stubborn');
  const note = `#!/bin/sh\necho $$ > '${directory}/pid'\n`;
  writeFileSync(hanging, `${note}exec sleep 60\n`);
  // It ignores the first request to end, as a program that is stuck may.
  writeFileSync(stubborn, `${note}trap '' TERM\nwhile :; do sleep 0.1; done\n`);
  for (const path of [hanging, stubborn]) chmodSync(path, 0o755);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

/** Whether the hanging program still runs. */
function isRunning(): boolean {
  try {
    process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

describe('a verb of smolvm that hangs', () => {
  const client = () => new SmolvmClient({ path: hanging, version: [1, 9, 3] }, () => 300);
  const options = { boot: { kind: 'archive', path: '/x' }, allowedCidrs: [], sockets: [] } as const;

  it.each<[string, (client: SmolvmClient) => Promise<unknown>]>([
    ['machine create', (one) => one.machineCreate('m', options)],
    ['machine start', (one) => one.machineStart('m')],
    ['machine stop', (one) => one.machineStop('m')],
    ['machine delete', (one) => one.machineDelete('m')],
    ['machine ls', (one) => one.machineList()],
    ['machine data-dir', (one) => one.machineDataDirectory('m')],
    ['machine cp', (one) => one.machineCopyOut('m', '/a', '/b')],
    ['pack create', (one) => one.packCreate('a', 'b')],
  ])('%s is ended, and named in the error', async (verb, work) => {
    await expect(work(client())).rejects.toThrow(`smolvm ${verb} did not end within 0.3 s`);
    expect(isRunning()).toBe(false);
    expect(smolvmDeadline(verb)).toBeGreaterThan(1_000);
  });

  it('ends when the launch is interrupted', async () => {
    const interrupted = new AbortController();
    const started = new SmolvmClient({ path: stubborn, version: [1, 9, 3] }).machineStart(
      'm',
      interrupted.signal,
    );
    setTimeout(() => interrupted.abort(new Error('interrupted')), 300);
    await expect(started).rejects.toThrow('interrupted');
    expect(isRunning()).toBe(false);
  });
});

describe('a verb of docker that hangs', () => {
  it('is ended, and the error says after how long', async () => {
    vi.stubEnv('PATH', `${directory}:${process.env.PATH}`);
    const result = await dockerTry(['network', 'create', 'x'], { timeoutMs: 300 });
    expect(result).toMatchObject({ exitCode: 1, stderr: 'it did not end within 0.3 s' });
    expect(isRunning()).toBe(false);
  });

  it.each([
    [['network', 'create', 'x'], 60_000],
    [['network', 'inspect', 'x'], 60_000],
    [['exec', 'x', 'true'], 60_000],
    [['rm', '--force', 'x'], 60_000],
    [['stop', '-t', '9', 'x'], 69_000],
    [['run', '--detach', 'x'], 300_000],
    [['image', 'inspect', 'x'], 60_000],
    // Nobody knows how long these take; they end by their signal.
    [['run', '--rm', 'x'], undefined],
    [['logs', '--follow', 'x'], undefined],
    [['build', '.'], undefined],
    [['pull', 'x'], undefined],
    [['wait', 'x'], undefined],
  ])('%j', (args, deadline) => {
    expect(dockerDeadline(args)).toBe(deadline);
  });
});
