#!/usr/bin/env node
// Measures clone, fetch and push through the git gate beside the same client straight to the same upstream, by HTTPS.
// ROUNDS: how often each case is measured (default 3); CASES: which, such as `1 1000 blob` (default all).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columns, line } from '../../../lib/terminal/output.ts';
import { type Client, secondsOf } from './client.ts';
import { peakDuring } from './memory.ts';
import { addCommits, type Change } from './repository.ts';
import { openStage, type Stage, stagePrograms } from './stage.ts';

const CASES: Readonly<Record<string, Change>> = {
  '1': { commits: 1 },
  '100': { commits: 100 },
  '1000': { commits: 1000 },
  blob: { commits: 1, blobBytes: 99 * 1024 * 1024 },
};
const OPERATIONS = ['clone', 'fetch', 'push'] as const;
type Operation = (typeof OPERATIONS)[number];

const ROUNDS = Number(process.env.ROUNDS ?? 3);
const wanted = (process.env.CASES ?? Object.keys(CASES).join(' ')).split(' ');

/** Seconds of each operation: plain, and through the gate. */
type Round = Record<Operation, [plain: number, gated: number]> & { peak: number | undefined };

/** `isFirst`: whether the plain client goes first. `hasPeak`: memory is looked at, which takes time. */
async function measure(
  stage: Stage,
  change: Change,
  { isFirst, hasPeak }: { isFirst: boolean; hasPeak: boolean },
): Promise<Round> {
  const { repository, plain, gated } = stage;
  const both = async (run: (client: Client) => Promise<number>): Promise<[number, number]> => {
    const seconds = new Map<Client, number>();
    for (const client of isFirst ? [plain, gated] : [gated, plain]) seconds.set(client, await run(client));
    return [seconds.get(plain) ?? 0, seconds.get(gated) ?? 0];
  };
  await addCommits(repository, 'main', change, 1);
  const clone = await both((client) =>
    secondsOf(client, '/', ['clone', '--quiet', client.url, client.directory]),
  );
  await addCommits(repository, 'main', change, 2);
  const fetch = await both((client) => secondsOf(client, client.directory, ['fetch', '--quiet']));
  let peak: number | undefined;
  const push = await both(async (client) => {
    const branch = client === gated ? 'gated' : 'plain';
    await secondsOf(client, client.directory, ['branch', '--quiet', branch, 'origin/main']);
    // Each its own, or upstream would have them already.
    await addCommits(client.directory, branch, change, client === gated ? 3 : 4);
    const pushing = () => secondsOf(client, client.directory, ['push', '--quiet', 'origin', branch]);
    if (client !== gated || !hasPeak) return pushing();
    peak = await peakDuring(stage.gate, pushing);
    return 0;
  });
  return { clone, fetch, push, peak };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** `plain / gated (ratio)` */
function compared(rounds: readonly Round[], operation: Operation): string {
  const [plain, gated] = [0, 1].map((at) => median(rounds.map((round) => round[operation][at] ?? 0)));
  const text = (seconds = 0) => `${seconds.toFixed(2)} s`;
  return `${text(plain)} / ${text(gated)} (${((gated ?? 0) / (plain || 1)).toFixed(2)})`;
}

const directory = mkdtempSync(join(tmpdir(), 'bk-bench-git-'));
// As in the bundle, whose hooks find compiled code.
process.env.NODE_COMPILE_CACHE = join(directory, 'compiled');
try {
  const programs = await stagePrograms(directory);
  const rows = [['', ...OPERATIONS, 'memory of a push']];
  for (const name of wanted) {
    const change = CASES[name];
    if (change === undefined) throw new Error(`no case ${name}`);
    const rounds: Round[] = [];
    // The last is for the memory alone; the first warms up.
    for (let at = 0; at <= ROUNDS + 1; at += 1) {
      const place = join(directory, `${name}-${at}`);
      const stage = await openStage(place, programs);
      const hasPeak = at === ROUNDS + 1;
      try {
        rounds.push(await measure(stage, change, { isFirst: at % 2 === 0, hasPeak }));
      } finally {
        await stage.stop();
        rmSync(place, { recursive: true, force: true, maxRetries: 10 });
      }
    }
    const timed = rounds.slice(1, -1);
    const peak = rounds.at(-1)?.peak;
    rows.push([
      name === 'blob' ? 'a file of 99 MiB' : `${name} commits`,
      ...OPERATIONS.map((operation) => compared(timed, operation)),
      peak === undefined ? '-' : `${peak.toFixed(0)} MB`,
    ]);
  }
  line(columns(rows));
  line('\nEach: plain / through the gate (ratio), medians. The first clone also fills the mirror.');
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}
