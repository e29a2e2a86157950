import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../../lib/host/lock.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(directory, 'deep', 'the.lock');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('withLock', () => {
  it('withLock admits one caller at a time within one process', async () => {
    let inside = 0;
    let most = 0;
    const turns = Array.from({ length: 5 }, () =>
      withLock(path, async () => {
        most = Math.max(most, ++inside);
        await sleep(10);
        inside--;
      }),
    );
    await Promise.all(turns);
    expect(most).toBe(1);
  });

  it('withLock returns the result of the work, and releases the lock when it throws', async () => {
    await expect(withLock(path, () => Promise.reject(new Error('broken work')))).rejects.toThrow(
      'broken work',
    );
    expect(await withLock(path, async () => 42, { timeoutMs: 0 })).toBe(42);
  });

  it('withLock reports waiting once, and names the path on timeout', async () => {
    let waits = 0;
    await withLock(path, async () => {
      const second = withLock(path, async () => 'in', { timeoutMs: 120, onWait: () => waits++ });
      await expect(second).rejects.toThrow(`${path}: still locked after 120 ms`);
    });
    expect(waits).toBe(1);
  });

  it('withLock stops waiting when its signal is aborted', async () => {
    await withLock(path, async () => {
      const second = withLock(path, async () => 'in', { signal: AbortSignal.timeout(50) });
      await expect(second).rejects.toThrow(/abort/i);
    });
  });

  it('withLock does not block timers while it waits', async () => {
    let ticks = 0;
    await withLock(path, async () => {
      const timer = setInterval(() => ticks++, 5);
      await withLock(path, async () => {}, { timeoutMs: 100 }).catch(() => {});
      clearInterval(timer);
    });
    expect(ticks).toBeGreaterThan(5);
  });

  it('the lock is released as soon as the process that holds it is killed', async () => {
    const holder = spawn(process.execPath, [holderProgram(), path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await expect(withLock(path, async () => 'in', { timeoutMs: 100 })).rejects.toThrow('still locked');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await withLock(path, async () => 'in', { timeoutMs: 0 })).toBe('in');
  });
});

/** Writes a program that takes the lock, prints `held`, and holds the lock until it is killed. */
function holderProgram(): string {
  const program = join(directory, 'holder.mts');
  const lock = join(import.meta.dirname, '..', '..', '..', 'lib', 'host', 'lock.ts');
  writeFileSync(
    program,
    `import { withLock } from ${JSON.stringify(lock)};
     await withLock(process.argv[2], () => { console.log('held'); return new Promise((resolve) => setTimeout(resolve, 60_000)); });`,
  );
  return program;
}
