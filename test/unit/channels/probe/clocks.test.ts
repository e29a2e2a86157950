import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { clockTrouble } from '../../../../lib/channels/probe/clocks.ts';

const DAY_MS = 24 * 60 * 60_000;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bk-'));
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Has the engine and the guest be `days` ahead. */
function clocks(engine: number, guest: number) {
  const time = new Date(Date.now() + engine * DAY_MS).toISOString();
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\necho ${time}\n`, { mode: 0o755 });
  const stdout = `${Math.round((Date.now() + guest * DAY_MS) / 1000)}\n`;
  return { exec: async () => ({ exitCode: 0, stdout, stderr: '' }) };
}

const failed = {
  name: 'the selftest',
  expected: 'works',
  outcome: 'failed: certificate is not yet valid',
  ok: false,
} as const;

it.each([
  [-3650, 0, 'the clock of the Docker engine is 3650 days behind this machine’s'],
  [0, 1, 'the clock of the guest is 1 day ahead of this machine’s'],
  [0, 0, 'the clock of this machine has been changed'],
])('a clock that is off is named: engine %i days, guest %i days', async (engine, guest, said) => {
  const trouble = await clockTrouble([failed], clocks(engine, guest));
  expect(trouble).toMatchObject({ code: 'bundle-not-ready', message: expect.stringContaining(said) });
});

it('a clock explains nothing that had to fail and worked, nor a failure of another kind', async () => {
  const breach = { name: 'the internet', expected: 'fails', outcome: 'connected', ok: false } as const;
  expect(await clockTrouble([failed, breach], clocks(-3650, 0))).toBeUndefined();
  expect(
    await clockTrouble([{ ...failed, outcome: 'failed: socket hang up' }], clocks(-3650, 0)),
  ).toBeUndefined();
});
