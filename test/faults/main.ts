#!/usr/bin/env node
/** Launches bottles that each meet one fault, and prints what came of it. */
import { columns, line } from '../../lib/terminal/output.ts';
import { toolFlags, wholeNumber } from '../support/tool-flags.ts';
import { type Cell, nameOf, VERSIONS } from './cell.ts';
import { matrixOf } from './matrix.ts';
import { type Neighbor, startNeighbor } from './neighbor.ts';
import { recordCalls } from './record-calls.ts';
import { type Outcome, runCell } from './run-cell.ts';

const flags = toolFlags({
  name: 'faults',
  file: 'test/faults/main.ts',
  summary:
    'every call of docker and smolvm in a launch, with every fault and signal (Linux, as root, with an engine)',
  flags: {
    only: { type: 'string', help: 'a regular expression for names of cells, such as "1.9.3 fail .*docker"' },
    every: { type: 'string', help: 'run one cell of so many (1)' },
    jobs: { type: 'string', help: 'cells at a time (3)' },
    list: { type: 'boolean', help: 'print the names of cells, and run none' },
    json: { type: 'boolean', help: 'print a JSON line for each cell on stdout' },
  },
});
const only = new RegExp(flags.only ?? '');
const every = wholeNumber('every', flags.every ?? '1', 1);
const jobs = wholeNumber('jobs', flags.jobs ?? '3', 1);

const matrices = [];
for (const version of VERSIONS) matrices.push(...matrixOf(version, await recordCalls(version)));
const cells = matrices
  .filter((cell) => only.test(nameOf(cell)))
  .filter((_cell, index) => index % every === 0);
if (flags.list) {
  for (const cell of cells) console.log(nameOf(cell));
  process.exit(0);
}

const neighbors = await Promise.all(VERSIONS.map(startNeighbor));
const outcomes = new Map<Cell, Outcome>();
const waiting = [...cells];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    waiting.length = 0;
    line(
      'ending with the cells that run; once more ends at once, and leaves what they and the neighbors have',
    );
  });
}
await Promise.all(Array.from({ length: jobs }, work));
const ends = await Promise.all(neighbors.map((neighbor) => neighbor.end()));

async function work(): Promise<void> {
  for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
    const outcome = await runCell(cell);
    outcomes.set(cell, { ...outcome, faults: [...outcome.faults, ...neighbors.flatMap(harmOf)] });
    report(cell, outcome);
  }
}

function harmOf(neighbor: Neighbor): string[] {
  return neighbor.harm().map((what) => `the neighbor ${what}`);
}

function report(cell: Cell, { exitCode, seconds, faults, stderr }: Outcome): void {
  const { version, kind, place } = cell;
  if (flags.json) console.log(JSON.stringify({ version, kind, place, exitCode, seconds, faults }));
  const mark = faults.length === 0 ? 'ok' : 'FAILED';
  line(
    `${mark.padEnd(6)} ${String(exitCode).padStart(3)} ${seconds.toFixed(1).padStart(6)} s  ${nameOf(cell)}`,
  );
  for (const fault of faults) line(`       ${fault}`);
  if (faults.length > 0)
    line(
      stderr
        .trim()
        .split('\n')
        .slice(-30)
        .map((text) => `       | ${text}`)
        .join('\n'),
    );
}

const rows = Map.groupBy(outcomes.keys(), ({ version, kind }) => `${version} ${kind}`);
const summary = [...rows].map(([name, all]) => {
  const of = all.flatMap((cell) => outcomes.get(cell) ?? []);
  const count = (text: RegExp) => of.filter(({ faults }) => faults.some((fault) => text.test(fault))).length;
  const failed = of.filter(({ faults }) => faults.length > 0).length;
  const longest = Math.max(...of.map(({ seconds }) => seconds));
  return [
    name,
    of.length,
    failed,
    count(/^left/),
    count(/^did not end/),
    count(/^exit code/),
    count(/neighbor/),
    `${longest.toFixed(1)} s`,
  ];
});
line('');
line(
  columns([
    ['fault', 'cells', 'failed', 'left over', 'unbounded', 'wrong code', 'neighbor', 'longest'],
    ...summary.map((row) => row.map(String)),
  ]),
);
const failed = [...outcomes.values()].filter(({ faults }) => faults.length > 0).length;
for (const end of ends) line(end);
line(`${outcomes.size - failed} of ${outcomes.size} as they should be`);
process.exitCode = failed > 0 ? 1 : 0;
