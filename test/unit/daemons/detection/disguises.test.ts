import { expect, it } from 'vitest';
import { Random } from '../../../fuzz/random.ts';
import { TARGETS } from '../../../fuzz/targets/index.ts';

// A short run of `make fuzz`. A failure says what was missed; its seed is the number of the round.
it.each([
  ['decoders', 1000],
  ['chunks', 60],
  ['redaction', 500],
  ['reflection', 1000],
] as const)('fuzz target %s holds for the first seeds', async (name, rounds) => {
  const target = TARGETS[name];
  expect(target).toBeDefined();
  for (let seed = 1; seed <= rounds; seed += 1) await target?.(new Random(seed));
});
