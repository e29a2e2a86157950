#!/usr/bin/env node
/** Fuzzes egress: `--target NAME|all --seed N --iters N`. A failure prints the seed that reproduces it. */
import { refuse, toolFlags, wholeNumber } from '../support/tool-flags.ts';
import { Random } from './random.ts';
import { openSocketTargets, TARGETS } from './targets/index.ts';

const flags = toolFlags({
  name: 'fuzz',
  file: 'test/fuzz/main.ts',
  summary: 'throw seeded nonsense at what egress parses',
  flags: {
    target: { type: 'string', help: 'what to throw it at (all)' },
    seed: { type: 'string', help: 'seed of the first input (1); each further one has the next' },
    iters: { type: 'string', help: 'inputs for each target (10000)' },
  },
});
const { target: wanted = 'all' } = flags;
const seed = wholeNumber('seed', flags.seed ?? '1', 0);
const iters = wholeNumber('iters', flags.iters ?? '10000', 1);
const onSockets = await openSocketTargets();
const targets = { ...TARGETS, ...onSockets.targets };
const chosen = Object.entries(targets).filter(([name]) => wanted === 'all' || name === wanted);
if (chosen.length === 0) refuse(`--target ${wanted}: there are all, ${Object.keys(targets).join(', ')}`);
for (const [name, target] of chosen) {
  const started = performance.now();
  for (let index = 0; index < iters; index += 1) {
    try {
      await target(new Random(seed + index));
    } catch (error) {
      console.error(
        `${name}: --seed ${seed + index} --iters 1: ${error instanceof Error ? error.message : error}`,
      );
      process.exit(1);
    }
  }
  console.log(
    `${name.padEnd(10)} ${iters} inputs from seed ${seed}, ${Math.round(performance.now() - started)} ms, no fault`,
  );
}
await onSockets.close();
