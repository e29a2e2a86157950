import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { KIT_DIRECTORY } from '../bottle/paths.ts';
import type { Manifest } from '../manifest/types.ts';
import { findSmolvm, type SmolvmBinary } from '../smolvm/binary.ts';

/** Where the kit's own stand-ins for smolvm are. */
const FAKES = join(KIT_DIRECTORY, 'smolvm-fakes', 'bin');
const DEMO_SMOLVM = join(FAKES, 'smolvm-0.8.0');

/** The smolvm that runs this agent; the kit's own demo alone falls back to the kit's fake. */
export async function smolvmFor(manifest: Manifest | undefined): Promise<SmolvmBinary> {
  const isDemo = manifest?.agent.origin === 'examples' && manifest.agent.name === 'demo';
  return findSmolvm(isDemo ? DEMO_SMOLVM : undefined);
}

/** True for the kit's own stand-in, which confines with namespaces and is no security boundary. */
export function isFakeSmolvm(path: string): boolean {
  return realpathSync(path).startsWith(`${realpathSync(FAKES)}/`);
}
