import { afterEach, describe, expect, it, vi } from 'vitest';
import { identifyProcess, isProcessAlive } from '../../../lib/host/process-identity.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** `ps` of Linux writes what that of macOS does. */
describe('a process of a Mac', () => {
  it('is the same in another time zone and language', async () => {
    vi.stubEnv('TZ', 'Pacific/Auckland');
    vi.stubEnv('LC_ALL', 'de_DE.UTF-8');
    const identity = await identifyProcess(process.pid, 'darwin');
    expect(Date.now() - Date.parse(identity?.started ?? '')).toBeLessThan(600_000);
    vi.stubEnv('TZ', 'America/Los_Angeles');
    vi.stubEnv('LC_ALL', 'C');
    expect(await identifyProcess(process.pid, 'darwin')).toEqual(identity);
  });

  it('is the same when the clock was set by a second, and another when it started later', async () => {
    const started = Date.parse((await identifyProcess(process.pid, 'darwin'))?.started ?? '');
    const at = (milliseconds: number) => ({
      pid: process.pid,
      started: new Date(started + milliseconds).toISOString(),
    });
    expect(await isProcessAlive(at(1_000), 'darwin')).toBe(true);
    expect(await isProcessAlive(at(-10_000), 'darwin')).toBe(false);
  });

  it('is nobody after its end', async () => {
    expect(await identifyProcess(2 ** 22 - 1, 'darwin')).toBeUndefined();
  });
});

it('a process of Linux is only the same with exactly the same ticks', async () => {
  const identity = await identifyProcess(process.pid, 'linux');
  expect(await isProcessAlive({ pid: process.pid, started: identity?.started ?? '' }, 'linux')).toBe(true);
  expect(await isProcessAlive({ pid: process.pid, started: `${identity?.started}0` }, 'linux')).toBe(false);
});
