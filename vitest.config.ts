import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Real engines and guests on a shared machine: a second try in CI alone; by hand a flake shows. */
const retry = process.env.CI ? 1 : 0;
const TIMES = { testTimeout: 180_000, hookTimeout: 300_000, fileParallelism: false, retry };
const FAKES = resolve(import.meta.dirname, 'smolvm-fakes/bin');
const files = (names: readonly string[]) => names.map((name) => `test/contract/${name}.test.ts`);
/** What all versions have in common is asked of the oldest and the newest; what the newest ones share, of the newest. */
const SAME_IN_ALL = files(['exec', 'lifecycle', 'pack']);
const SAME_IN_NEW = files(['archive', 'faults', 'sockets']);

/** The contract suite against the binary that SMOLVM names, or else against each fake. */
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
      // Every file has a home, a registry and machines of its own, and mostly waits for them. Two at a time: e2e, which
      // `make test` runs beside them, has its share of two cores then.
      fileParallelism: true,
      maxWorkers: 2,
      sequence: { groupOrder: 2 },
    },
  }));
}

/** From the oldest version to the newest. */
function fakes(): string[] {
  const names = readdirSync(FAKES).sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
  return names.map((name) => resolve(FAKES, name));
}

/** One project a suite: `vitest run --project unit`. Suites that count what an engine holds run one file at a time. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/scratch.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
          retry,
          // One fewer than that is vitest's own choice: one alone on two cores, where many files mostly wait.
          maxWorkers: '100%',
        },
      },
      ...['integration', 'e2e'].map((name) => ({
        test: { name, include: [`test/${name}/**/*.test.ts`], ...TIMES, sequence: { groupOrder: 1 } },
      })),
      ...contractProjects(),
    ],
  },
});
