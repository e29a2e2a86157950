import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { phasePrograms } from '../../../../lib/commands/up/phase-programs.ts';
import { KIT_DIRECTORY } from '../../../../lib/host/directories.ts';
import { PHASES } from '../../../../lib/phases/graph.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('the bundle of a phase says the same as its script', async () => {
  const { directory: bundles, ending } = await phasePrograms(join(directory, 'phases'));
  expect(ending).toBe('mjs');
  const names = readdirSync(bundles);
  expect(names).toEqual(expect.arrayContaining(PHASES.map(({ name }) => `${name}.mjs`)));
  for (const phase of ['allocate', 'provision']) {
    const said = async (path: string) =>
      (await execa(process.execPath, [path, '--help'], { env: { COLUMNS: '100' } })).stdout;
    expect(await said(join(bundles, `${phase}.mjs`))).toBe(
      await said(join(KIT_DIRECTORY, 'scripts', `${phase}.ts`)),
    );
  }
}, 60_000);

it('bundles are made again when they were removed, and old ones go then', async () => {
  const place = join(directory, 'phases');
  const first = await phasePrograms(place);
  rmSync(first.directory, { recursive: true });
  const [old, recent] = [join(place, 'old'), join(place, 'recent')];
  for (const other of [old, recent]) mkdirSync(other);
  utimesSync(old, 0, 0);
  expect(await phasePrograms(place)).toEqual(first);
  expect(readdirSync(place).toSorted()).toEqual(
    [first.directory, recent, 'current.json'].map((path) => path.replace(/.*\//, '')).toSorted(),
  );
}, 60_000);

it('where none can be made, the scripts are run', async () => {
  writeFileSync(join(directory, 'file'), '');
  expect(await phasePrograms(join(directory, 'file', 'phases'))).toEqual({
    directory: join(KIT_DIRECTORY, 'scripts'),
    ending: 'ts',
  });
}, 60_000);
