import type { TestProject } from 'vitest/node';
import { Fixture } from './fixture.ts';
import { Home, programOf } from './smolvm.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the program under test boots no machine here; empty when it does. */
    noGuests: string;
  }
}

/** Boots one machine before the tests of a program, so that each test knows whether it can. */
export default async function probe(project: TestProject): Promise<void> {
  const program = programOf(project.config.env.SMOLVM ?? process.env.SMOLVM);
  const reason = await reasonAgainstBooting(program);
  if (reason !== '')
    console.warn(`${program} boots no machine here, so its tests of guests are skipped: ${reason}`);
  project.provide('noGuests', reason);
}

async function reasonAgainstBooting(program: string): Promise<string> {
  await using fixture = await Fixture.start(new Home(program));
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
