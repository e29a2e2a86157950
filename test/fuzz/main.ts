#!/usr/bin/env node
/** Seeded fuzzing of egress: `--target NAME|all --seed N --iters N`. A failure prints the seed that repeats it. */
import { parseArgs } from 'node:util';
import { Random } from './random.ts';
import { openSocketTargets } from './socket-targets.ts';
import { TARGETS } from './targets.ts';

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: '1' },
    iters: { type: 'string', default: '10000' },
  },
});
const seed = Number(values.seed);
const iters = Number(values.iters);
const onSockets = await openSocketTargets();
const targets = { ...TARGETS, ...onSockets.targets };
const chosen = Object.entries(targets).filter(([name]) => values.target === 'all' || name === values.target);
if (chosen.length === 0 || !Number.isSafeInteger(seed) || !Number.isSafeInteger(iters) || iters < 1) {
  console.error(`usage: --target all|${Object.keys(targets).join('|')} --seed NUMBER --iters NUMBER`);
  process.exit(2);
}
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
