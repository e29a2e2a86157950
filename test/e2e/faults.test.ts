import { afterAll, beforeAll, expect, it } from 'vitest';
import { nameOf, VERSIONS } from '../faults/cell.ts';
import { matrixOf } from '../faults/matrix.ts';
import { type Neighbor, startNeighbor } from '../faults/neighbor.ts';
import { recordCalls } from '../faults/record-calls.ts';
import { runCell } from '../faults/run-cell.ts';

/** A cell of each kind, on one of the tiers; `make test-faults` runs the whole matrix. */
const SAMPLE = [
  '1.9.3 fail launch: smolvm machine exec',
  '0.8.0 lost start-bundle: docker run',
  '1.9.3 hang allocate: docker network create',
  '0.8.0 hang, Ctrl-C allocate: docker network inspect #1',
  '1.9.3 full create-guest: smolvm machine create',
  '1.9.3 bundle dies in a session',
] as const;
/** Of the calls of a launch, in hundredths. */
const MOMENTS = [
  ['0.8.0', 'SIGINT', 30],
  ['1.9.3', 'SIGKILL', 40],
  ['1.9.3', 'home full', 50],
] as const;

const neighbors: Neighbor[] = [];
const cells = new Map<string, ReturnType<typeof matrixOf>>();
beforeAll(async () => {
  for (const version of VERSIONS) {
    cells.set(version, matrixOf(version, await recordCalls(version)));
    neighbors.push(await startNeighbor(version));
  }
});
afterAll(async () => {
  await Promise.all(neighbors.map((neighbor) => neighbor.end()));
});

async function expectNoFaults(cell: ReturnType<typeof matrixOf>[number] | undefined): Promise<void> {
  if (cell === undefined) throw new Error('no such cell: does a launch still make this call?');
  const { faults, stderr } = await runCell(cell);
  expect([...faults, ...neighbors.flatMap((neighbor) => neighbor.harm())], stderr).toEqual([]);
}

it.concurrent.each(SAMPLE)('%s', async (name) => {
  await expectNoFaults([...cells.values()].flat().find((cell) => nameOf(cell) === name));
});

it.concurrent.each(MOMENTS)('%s %s after %d of a hundred calls', async (version, kind, percent) => {
  const same = (cells.get(version) ?? []).filter((cell) => cell.kind === kind);
  await expectNoFaults(same[Math.floor((same.length * percent) / 100)]);
});
