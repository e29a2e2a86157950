import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { idleMemory } from '../../../../lib/daemons/egress/idle-memory.ts';
import { NODE_FLAGS } from '../../../../lib/daemons/init/daemon-command.ts';

const MIB = 1024 * 1024;

/** A daemon whose load and memory are set by hand; each collection leaves 60 MiB. */
function daemon() {
  const state = { busy: 0, resident: 60 * MIB, collections: 0 };
  const look = idleMemory({
    busy: () => state.busy,
    resident: () => state.resident,
    collect: () => {
      state.collections += 1;
      state.resident = 60 * MIB;
    },
  });
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) look();
  };
  return { state, pass };
}

test('egress collects garbage once after a burst of work', () => {
  const { state, pass } = daemon();
  Object.assign(state, { busy: 0.8, resident: 120 * MIB });
  pass(30);
  expect(state.collections).toBe(0);
  state.busy = 0.001;
  pass(5);
  expect(state.collections).toBe(0);
  pass(1);
  expect(state.collections).toBe(1);
  pass(60);
  expect(state.collections).toBe(1);
});

test('egress does not interrupt a trickling stream to collect garbage', () => {
  const { state, pass } = daemon();
  Object.assign(state, { busy: 0.02, resident: 120 * MIB });
  pass(600);
  expect(state.collections).toBe(0);
});

test.each([
  ['a few megabytes are not worth a collection', 70, 0],
  ['every burst that leaves much is cleared up after', 120, 3],
])('egress collects garbage only when it pays off: %s', (_, megabytes, collections) => {
  const { state, pass } = daemon();
  for (let burst = 0; burst < 3; burst += 1) {
    Object.assign(state, { busy: 0.5, resident: megabytes * MIB });
    pass(2);
    state.busy = 0;
    pass(20);
  }
  expect(state.collections).toBe(collections);
});

test('with the flags of a daemon, the memory of garbage is returned to the system', async () => {
  const module = new URL('../../../../lib/daemons/egress/idle-memory.ts', import.meta.url).href;
  const program = `
    import { idleMemory } from ${JSON.stringify(module)};
    const look = idleMemory({ busy: () => 0 });
    const work = () => {
      const held = Array.from({ length: 400_000 }, (_, index) => ({ index, text: 'item ' + index }));
      return held.length;
    };
    work();
    const before = process.memoryUsage.rss();
    for (let second = 0; second < 10; second += 1) look();
    console.log(JSON.stringify({ before, after: process.memoryUsage.rss() }));
  `;
  const args = [...NODE_FLAGS, '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { before, after } = JSON.parse(stdout);
  expect((before - after) / MIB).toBeGreaterThan(20);
});
