#!/usr/bin/env node
// Compares the two hand-offs from an image to a guest on one image: seconds, bytes left on disk, containers
// started. Needs Docker and a smolvm of the socket tier (SMOLVM; by default the kit's fake 1.9.3).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HANDOFFS, type Handoff } from '../../lib/plan/schema.ts';
import { columns } from '../../lib/terminal/output.ts';

const KIT = join(import.meta.dirname, '..', '..');
const SMOLVM = process.env.SMOLVM ?? join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3');
/** Each hand-off is measured this often, in turn, with an empty cache. The median counts. */
const ROUNDS = 3;

interface Measured {
  seconds: number;
  bytes: number;
  containers: number;
}

const record = z.looseObject({ durationMs: z.number() });

function measure(handoff: Handoff): Measured {
  const root = mkdtempSync(join(tmpdir(), 'bk-'));
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: root,
    BOT_BOTTLE_CACHE: join(root, 'cache'),
    BOT_BOTTLE_HANDOFF: handoff,
    SMOLVM,
  };
  const run = (script: string, ...args: string[]) =>
    execFileSync(process.execPath, [join(KIT, 'scripts', `${script}.ts`), '--quiet', ...args], {
      env,
      cwd: KIT,
    }).toString();
  const slug = run('prepare', '--agent', 'demo').trim();
  try {
    for (const phase of ['allocate', 'build-image']) run(phase, '--bottle', slug);
    const since = (Date.now() / 1000).toFixed(3);
    const phases = ['pack-artifact', 'create-guest'].map((phase) =>
      record.parse(JSON.parse(run(phase, '--bottle', slug, '--json'))),
    );
    return {
      seconds: phases.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000,
      bytes: diskUse(root),
      containers: startedSince(since),
    };
  } finally {
    run('teardown', '--bottle', slug);
    rmSync(root, { recursive: true, force: true });
  }
}

/** Bytes on disk below a directory, not counting holes in sparse files. */
function diskUse(directory: string): number {
  return Number(execFileSync('du', ['--summarize', '--block-size=1', directory]).toString().split('\t')[0]);
}

function startedSince(since: string): number {
  const args = [
    'events',
    '--since',
    since,
    '--until',
    (Date.now() / 1000).toFixed(3),
    '--filter',
    'event=start',
  ];
  const starts = execFileSync('docker', [...args, '--format', '{{.ID}}']).toString();
  return starts.split('\n').filter((line) => line !== '').length;
}

const results: Record<Handoff, Measured[]> = { 'registry-pack': [], archive: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  for (const handoff of HANDOFFS) results[handoff].push(measure(handoff));
}

function median(handoff: Handoff, key: keyof Measured): number {
  return results[handoff].map((round) => round[key]).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
}

const rows: readonly [string, keyof Measured, (value: number) => string][] = [
  ['image to created guest', 'seconds', (value) => `${value.toFixed(1)} s`],
  ['left on disk', 'bytes', (value) => `${(value / 1024 ** 2).toFixed(0)} MiB`],
  ['containers started', 'containers', String],
];
console.log(
  columns([
    ['hand-off', ...HANDOFFS, 'archive to registry-pack'],
    ...rows.map(([name, key, show]) => {
      const [pack, archive] = [median('registry-pack', key), median('archive', key)];
      return [name, show(pack), show(archive), pack === 0 ? '-' : `${(archive / pack).toFixed(2)} x`];
    }),
  ]),
);
