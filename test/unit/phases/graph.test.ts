import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PHASES } from '../../../lib/phases/graph.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const makefile = await readFile(join(root, 'Makefile'), 'utf8');

/** `allocate.json: prepare.json` of the Makefile, as { allocate: ['prepare'] }. */
function edgesOfMakefile(): Record<string, string[]> {
  const rules = makefile.matchAll(/^([a-z-]+)\.json:(.*)$/gm);
  const names = (text: string) =>
    [...text.matchAll(/([a-z-]+)\.json/g)].map((match) => match[1] ?? '').toSorted();
  return Object.fromEntries([...rules].map(([, target = '', needs = '']) => [target, names(needs)]));
}

describe('the phase graph', () => {
  it('is the same in the Makefile and in the phases’ own declarations', () => {
    const declared = PHASES.map(({ name, needs }) => [name, needs.map((needed) => needed.name).toSorted()]);
    expect(edgesOfMakefile()).toEqual(Object.fromEntries(declared));
  });

  it('lists every phase after those it needs', () => {
    const seen = new Set<string>();
    for (const phase of PHASES) {
      for (const needed of phase.needs)
        expect(seen, `${phase.name} needs ${needed.name}`).toContain(needed.name);
      seen.add(phase.name);
    }
  });

  it('has an executable script for every phase', async () => {
    for (const { name } of PHASES) {
      const script = join(root, 'scripts', `${name}.ts`);
      expect((await stat(script)).mode & 0o111, name).not.toBe(0);
      expect(await readFile(script, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  it('has a module for every phase and no phase module that is not in it', async () => {
    const modules = (await readdir(join(root, 'lib', 'phases'))).map((name) => name.replace(/\.ts$/, ''));
    for (const { name } of PHASES) expect(modules).toContain(name);
  });

  it('is described in the README, phase by phase', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    for (const { name } of PHASES) expect(readme, name).toContain(`\`${name}\``);
  });

  it('can be run by `make`, phase by phase, with flags', () => {
    const listed = /^PHASES = ([\s\S]*?)\n\.PHONY/m.exec(makefile)?.[1]?.match(/[a-z-]+/g) ?? [];
    const withTargetsOfTheirOwn = ['prepare', 'attach'];
    expect([...listed, ...withTargetsOfTheirOwn].toSorted()).toEqual(
      PHASES.map((phase) => phase.name).toSorted(),
    );
  });
});
