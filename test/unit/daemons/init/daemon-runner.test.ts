import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonName } from '../../../../lib/daemons/contract/daemons.ts';
import { type BundleHealth, bundleHealth } from '../../../../lib/daemons/contract/init/health.ts';
import { portOf } from '../../../support/egress/upstream.ts';

const HARNESS = join(import.meta.dirname, '../../../support/init-harness.ts');
const FAKE = join(import.meta.dirname, '../../../support/fake-daemon.mjs');

let directory: string;
let init: ChildProcess | undefined;
let output: { stdout: string; stderr: string };
const ports = new Map<DaemonName, number>();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'init-'));
});
afterEach(async () => {
  if (init?.exitCode === null && init.signalCode === null) {
    init.kill('SIGKILL');
    await once(init, 'exit');
  }
  // A runner that was killed outright leaves its daemons behind.
  for (const daemon of (await readHealth())?.daemons ?? []) {
    if (daemon.pid !== null) killQuietly(daemon.pid);
  }
  await rm(directory, { recursive: true });
});

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function start(behaviors: Partial<Record<DaemonName, string>>, timings: object = {}): Promise<void> {
  const daemons = [];
  for (const name of ['selftest', 'egress'] as const) {
    const behavior = behaviors[name];
    if (behavior === undefined) continue;
    const port = await freePort();
    ports.set(name, port);
    const environment = {
      PORT: String(port),
      JOURNAL: join(directory, `${name}.journal`),
      BEHAVIOR: behavior,
    };
    daemons.push({ name, command: [process.execPath, FAKE], port, environment });
  }
  const child = spawn(process.execPath, [HARNESS, JSON.stringify({ directory, daemons, timings })], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  init = child;
  output = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => {
    output.stdout += String(part);
  });
  child.stderr.on('data', (part) => {
    output.stderr += String(part);
  });
}

async function readHealth(): Promise<BundleHealth | undefined> {
  const written = await readFile(join(directory, 'health.json'), 'utf8').catch(() => undefined);
  return written === undefined ? undefined : bundleHealth.parse(JSON.parse(written));
}

const healthy = () =>
  expect.poll(async () => (await readHealth())?.ready, { timeout: 5000, interval: 20 }).toBe(true);
const stateOf = async (name: DaemonName) =>
  (await readHealth())?.daemons.find((daemon) => daemon.name === name);
const journal = (name: DaemonName) => readFile(join(directory, `${name}.journal`), 'utf8').catch(() => '');

async function end(signal: NodeJS.Signals): Promise<{ code: number | null; ms: number }> {
  const from = Date.now();
  init?.kill(signal);
  const [code] = init === undefined ? [null] : await once(init, 'close');
  return { code, ms: Date.now() - from };
}

async function ask(line: string): Promise<unknown> {
  const socket = connect(join(directory, 'control.sock'));
  await once(socket, 'connect');
  socket.write(line);
  return JSON.parse(await text(socket));
}

describe('the daemon runner', () => {
  it('a bundle is ready only when every daemon accepts connections', async () => {
    await start({ selftest: '', egress: 'dies' });
    await expect.poll(async () => (await stateOf('egress'))?.starts, { timeout: 5000 }).toBeGreaterThan(0);
    await expect.poll(async () => (await stateOf('selftest'))?.state, { timeout: 5000 }).toBe('ready');
    expect((await readHealth())?.ready).toBe(false);
  });

  it('a bundle without daemons is ready and idles until it is told to stop', async () => {
    await start({});
    await healthy();
    expect((await end('SIGTERM')).code).toBe(0);
  });

  it('init gives each daemon only its own environment', async () => {
    await start({ egress: '' });
    await healthy();
    expect(await journal('egress')).toMatch(/^start BEHAVIOR,JOURNAL,PORT\n/);
  });

  it('init prefixes whole lines of stdout and stderr with the name of the daemon', async () => {
    await start({ selftest: '', egress: 'dies' });
    await expect.poll(() => output.stdout, { timeout: 5000 }).toContain('[selftest] second line\n');
    expect(output.stdout).toContain('[selftest] half a line\n');
    await expect.poll(() => output.stderr, { timeout: 5000 }).toContain('[egress] cannot go on\n');
  });
});

describe('daemon restarts', () => {
  it('init restarts a daemon that dies, with growing delays, while the others keep running', async () => {
    await start({ selftest: '', egress: 'dies' }, { backoffMs: 20, backoffMaxMs: 80 });
    await expect.poll(async () => (await stateOf('egress'))?.starts, { timeout: 8000 }).toBeGreaterThan(3);
    expect(await stateOf('egress')).toMatchObject({ lastExit: 7 });
    expect((await stateOf('selftest'))?.starts).toBe(1);
    expect(output.stderr).toMatch(/egress died \(7\).* 20 ms[\s\S]* 40 ms[\s\S]* 80 ms/);
  });

  it('a bundle is not ready after a ready daemon dies, until the daemon is back', async () => {
    await start({ egress: '' }, { backoffMs: 300 });
    await healthy();
    connect({ host: '127.0.0.1', port: ports.get('egress') ?? 0 })
      .on('error', () => {})
      .write('die');
    await expect
      .poll(stateOf.bind(null, 'egress'), { timeout: 5000, interval: 20 })
      .toMatchObject({ state: 'failed', pid: null, lastExit: 9 });
    expect((await readHealth())?.ready).toBe(false);
    await healthy();
    expect((await stateOf('egress'))?.starts).toBe(2);
  });
});

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'init forwards %s to every daemon, keeps their last output and exits with 0',
    async (signal) => {
      await start({ selftest: '', egress: '' });
      await healthy();
      const { code, ms } = await end(signal);
      expect(code).toBe(0);
      expect(ms).toBeLessThan(3000);
      expect(await journal('selftest')).toContain(signal);
      expect(await journal('egress')).toContain(signal);
      expect(output.stdout).toContain('[egress] last words\n');
      expect(await readHealth()).toMatchObject({ ready: false });
    },
  );

  it('init kills a daemon that ignores SIGTERM when the grace period ends', async () => {
    await start({ egress: 'stubborn' }, { graceMs: 300 });
    await healthy();
    const pid = (await stateOf('egress'))?.pid ?? 0;
    const { code, ms } = await end('SIGTERM');
    expect(code).toBe(0);
    expect(ms).toBeGreaterThanOrEqual(300);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    expect(await stateOf('egress')).toMatchObject({ state: 'stopped', lastExit: 'SIGKILL' });
  });

  it('init stops even while a daemon is waiting to be restarted', async () => {
    await start({ egress: 'dies' }, { backoffMs: 60_000 });
    await expect.poll(async () => (await stateOf('egress'))?.state, { timeout: 5000 }).toBe('failed');
    expect(await end('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('init forwards SIGHUP to daemons, even while they start', async () => {
    await start({ egress: '' });
    await expect
      .poll(async () => (await stateOf('egress'))?.state, { timeout: 5000, interval: 5 })
      .toMatch(/starting|ready/);
    init?.kill('SIGHUP');
    await expect.poll(() => journal('egress'), { timeout: 5000 }).toContain('HUP');
    await healthy();
    expect((await stateOf('egress'))?.starts).toBe(1);
  });
});

describe('the control socket', () => {
  it('a restart command restarts one daemon and leaves the others alone', async () => {
    await start({ selftest: '', egress: '' });
    await healthy();
    const before = await stateOf('egress');
    const reply = await ask('{"restart":"egress"}\n');
    const after = await stateOf('egress');
    expect(reply).toEqual({ ok: true, restarted: 'egress', pid: after?.pid });
    expect(after?.pid).not.toBe(before?.pid);
    expect(after).toMatchObject({ state: 'ready', starts: 2 });
    expect(await journal('egress')).toContain('SIGTERM');
    expect((await stateOf('selftest'))?.starts).toBe(1);
  });

  it('two restart commands at once run one after the other and leave one process', async () => {
    await start({ egress: '' });
    await healthy();
    const replies = await Promise.all([ask('{"restart":"egress"}\n'), ask('{"restart":"egress"}\n')]);
    expect(replies).toMatchObject([{ ok: true }, { ok: true }]);
    expect(await stateOf('egress')).toMatchObject({ state: 'ready', starts: 3 });
  });

  it.each([
    'nonsense\n',
    '{}\n',
    '{"restart":"bash"}\n',
    '{"restart":"egress","more":1}\n',
    '{"restart":"selftest"}\n',
    `${'x'.repeat(5000)}`,
  ])('the control socket refuses %j and keeps working', async (line) => {
    await start({ egress: '' });
    await healthy();
    expect(await ask(line)).toMatchObject({ ok: false });
    expect((await stateOf('egress'))?.starts).toBe(1);
  });

  it('init stops at once even while a restart waits for a daemon that never becomes ready', async () => {
    await start({ egress: 'dies' }, { backoffMs: 60_000 });
    await expect.poll(async () => (await stateOf('egress'))?.state, { timeout: 5000 }).toBe('failed');
    const reply = ask('{"restart":"egress"}\n').catch((error: Error) => error);
    await expect.poll(async () => (await stateOf('egress'))?.starts, { timeout: 5000 }).toBe(2);
    const { code, ms } = await end('SIGTERM');
    expect(code).toBe(0);
    expect(ms).toBeLessThan(3000);
    await reply;
  });
});
