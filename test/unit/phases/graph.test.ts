import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PHASES } from '../../../lib/phases/graph.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const makefile = await readFile(join(root, 'Makefile'), 'utf8');

/** Parses rules such as `allocate.json: prepare.json` into { allocate: ['prepare'] }. */
function edgesOfMakefile(): Record<string, string[]> {
  const rules = makefile.matchAll(/^([a-z-]+)\.json:(.*)$/gm);
  const names = (text: string) =>
    [...text.matchAll(/([a-z-]+)\.json/g)].map((match) => match[1] ?? '').toSorted();
  return Object.fromEntries([...rules].map(([, target = '', needs = '']) => [target, names(needs)]));
}

describe('the phase graph', () => {
  it('the Makefile’s edges match the phases’ declarations', () => {
    const declared = PHASES.map(({ name, needs }) => [name, needs.map((needed) => needed.name).toSorted()]);
    expect(edgesOfMakefile()).toEqual(Object.fromEntries(declared));
  });

  it('PHASES lists every phase after those that it needs', () => {
    const seen = new Set<string>();
    for (const phase of PHASES) {
      for (const needed of phase.needs)
        expect(seen, `${phase.name} needs ${needed.name}`).toContain(needed.name);
      seen.add(phase.name);
    }
  });

  it('every phase has an executable script', async () => {
    for (const { name } of PHASES) {
      const script = join(root, 'scripts', `${name}.ts`);
      expect((await stat(script)).mode & 0o111, name).not.toBe(0);
      expect(await readFile(script, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });

  it('every phase has a module of its name', async () => {
    const modules = (await readdir(join(root, 'lib', 'phases'))).map((name) => name.replace(/\.ts$/, ''));
    for (const { name } of PHASES) expect(modules).toContain(name);
  });

  it('the README describes every phase', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    for (const { name } of PHASES) expect(readme, name).toContain(`\`${name}\``);
  });

  it('every phase has a make target that takes flags', () => {
    const listed = /^PHASES = ([\s\S]*?)\n\.PHONY/m.exec(makefile)?.[1]?.match(/[a-z-]+/g) ?? [];
    const withTargetsOfTheirOwn = ['prepare', 'attach'];
    expect([...listed, ...withTargetsOfTheirOwn].toSorted()).toEqual(
      PHASES.map((phase) => phase.name).toSorted(),
    );
  });
});
