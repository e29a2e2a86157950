import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { entryOf, releaseDead, remember } from '../../../../smolvm-fakes/src/network/live-guests.ts';
import { startTimeOf } from '../../../../smolvm-fakes/src/system/process.ts';

const container = `smolvm-test-${randomBytes(8).toString('hex')}`;
const alive = {
  container,
  machine: 'm',
  pid: process.pid,
  startTime: startTimeOf(process.pid) ?? 0,
  rules: [],
};
const dead = { ...alive, startTime: alive.startTime - 1 };

afterEach(async () => {
  remember(dead);
  await releaseDead(container);
});

// Only root starts guests.
it.skipIf(process.getuid?.() !== 0)(
  'releaseDead keeps a machine whose starter has handed over to it',
  async () => {
    remember(dead);
    // A sweep saw the dead entry; by the time it acts, the machine itself has taken over.
    remember(alive);
    await releaseDead(container);
    expect(entryOf(container)).toEqual(alive);
  },
);

it.skipIf(process.getuid?.() !== 0)('releaseDead removes a dead machine', async () => {
  remember(dead);
  await releaseDead(container);
  expect(entryOf(container)).toBeUndefined();
});
