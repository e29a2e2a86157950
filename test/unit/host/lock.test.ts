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
  it('lets one of many callers of one process in at a time', async () => {
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

  it('gives what the work gives, and lets the next one in after work that throws', async () => {
    await expect(withLock(path, () => Promise.reject(new Error('broken work')))).rejects.toThrow(
      'broken work',
    );
    expect(await withLock(path, async () => 42, { timeoutMs: 0 })).toBe(42);
  });

  it('says once that it waits, and gives up with the path after its time', async () => {
    let waits = 0;
    await withLock(path, async () => {
      const second = withLock(path, async () => 'in', { timeoutMs: 120, onWait: () => waits++ });
      await expect(second).rejects.toThrow(`${path}: still locked after 120 ms`);
    });
    expect(waits).toBe(1);
  });

  it('ends its wait when told to', async () => {
    await withLock(path, async () => {
      const second = withLock(path, async () => 'in', { signal: AbortSignal.timeout(50) });
      await expect(second).rejects.toThrow(/abort/i);
    });
  });

  it('keeps timers running while it waits', async () => {
    let ticks = 0;
    await withLock(path, async () => {
      const timer = setInterval(() => ticks++, 5);
      await withLock(path, async () => {}, { timeoutMs: 100 }).catch(() => {});
      clearInterval(timer);
    });
    expect(ticks).toBeGreaterThan(5);
  });

  it('is free again the moment a process that held it is killed', async () => {
    const holder = spawn(process.execPath, [holderProgram(), path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await expect(withLock(path, async () => 'in', { timeoutMs: 100 })).rejects.toThrow('still locked');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(await withLock(path, async () => 'in', { timeoutMs: 0 })).toBe('in');
  });
});

/** A program that takes the lock, says so, and holds it until it is killed. */
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
