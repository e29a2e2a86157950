import { rm, writeFile } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { Fixture } from './fixture.ts';
import { layerOf } from './image.ts';
import { buildRootfs, removeRootfs } from './rootfs.ts';
import { Home, programOf } from './smolvm.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the program under test cannot boot a machine here; empty when it can. */
    noGuests: string;
    /** Path of the base layer of all test images. */
    baseLayer: string;
  }
}

/**
 * Builds the layer that all images share and boots one machine before the tests of a program, so that each
 * test knows whether guests can run. @returns a function that removes the layer.
 */
export default async function probe(project: TestProject): Promise<() => Promise<void>> {
  const program = programOf(project.config.env.SMOLVM ?? process.env.SMOLVM);
  const rootfs = await buildRootfs();
  const layer = await layerOf(rootfs, ['.'], '1000:1000');
  const file = `${rootfs}.tar.gz`;
  await writeFile(file, layer);
  await removeRootfs(rootfs);
  project.provide('baseLayer', file);
  const reason = await reasonAgainstBooting(program, layer);
  if (reason !== '')
    console.warn(`${program} boots no machine here, so its tests of guests are skipped: ${reason}`);
  project.provide('noGuests', reason);
  return () => rm(file, { force: true });
}

async function reasonAgainstBooting(program: string, layer: Buffer): Promise<string> {
  await using fixture = await Fixture.start(new Home(program), layer);
  try {
    const { stdout } = await fixture.home.run(['--version']);
    const old = /^smolvm (0\.|1\.0\.[01]$)/m.test(stdout);
    const sidecar = await fixture.pack(fixture.publish('probe:1'));
    await fixture.home.ok('machine', 'create', ...(old ? [] : ['--name']), 'probe', '--from', sidecar);
    await fixture.home.ok('machine', 'start', '-n', 'probe');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
