import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Retries only in CI, where engines and guests share a machine; run by hand, flaky tests fail. */
const retry = process.env.CI ? 1 : 0;
const TIMES = { testTimeout: 180_000, hookTimeout: 300_000, fileParallelism: false, retry };
const FAKES = resolve(import.meta.dirname, 'smolvm-fakes/bin');
const files = (names: readonly string[]) => names.map((name) => `test/contract/${name}.test.ts`);
/** Behavior of all versions is tested with the oldest and newest; behavior of new ones, with the newest. */
const SAME_IN_ALL = files(['exec', 'lifecycle', 'pack']);
const SAME_IN_NEW = files(['archive', 'faults', 'sockets']);

/**
 * Runs the contract suite against the binary named by SMOLVM, or else against the oldest and the newest fake; against all
 * of them with BOT_BOTTLE_TEST_ALL_FAKES, as `make test-contract` sets it. What is between them is refused by launches or
 * differs from these in few verbs, and nothing of it changes but with the fakes.
 */
function contractProjects() {
  const programs = process.env.SMOLVM ? [process.env.SMOLVM] : fakes();
  return programs.map((program, index) => ({
    test: {
      name: programs.length === 1 ? 'contract' : `contract-${program.replace(/.*smolvm-/, '')}`,
      include: ['test/contract/**/*.test.ts'],
      exclude: [
        ...(index > 0 && index < programs.length - 1 ? SAME_IN_ALL : []),
        ...(index < programs.length - 1 ? SAME_IN_NEW : []),
      ],
      env: { SMOLVM: program },
      globalSetup: ['test/support/contract/boot-probe.ts'],
      ...TIMES,
      // Each file has its own home, registry and machines, and mostly waits for them. Two at a time leave
      // enough of two cores for e2e, which `make test` runs concurrently.
      fileParallelism: true,
      maxWorkers: 2,
      sequence: { groupOrder: 2 },
    },
  }));
}

/** Returns the fakes to test, oldest version first. */
function fakes(): string[] {
  const names = readdirSync(FAKES).sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  const all = process.env.BOT_BOTTLE_TEST_ALL_FAKES === '1';
  const tested = names.filter((_name, index) => all || index === 0 || index === names.length - 1);
  return tested.map((name) => resolve(FAKES, name));
}

/**
 * One project per suite, as in `vitest run --project unit`.
 */
export default defineConfig({
  test: {
    globalSetup: ['test/support/scratch.ts', 'test/support/bundle-fake.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
          retry,
          // vitest's default is one less, a single worker on two cores, although many files mostly wait.
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          ...TIMES,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...TIMES,
          // A launch mostly waits for the engine and for guests; each file has homes of its own.
          fileParallelism: true,
          maxWorkers: 3,
          // Of tests that a file runs at the same time.
          maxConcurrency: 2,
          sequence: { groupOrder: 1 },
        },
      },
      ...contractProjects(),
    ],
  },
});
