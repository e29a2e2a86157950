import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { KIT_DIRECTORY } from '../host/directories.ts';
import type { Manifest } from '../manifest/types.ts';
import { findSmolvm, type SmolvmBinary } from '../smolvm/binary.ts';

/** Directory of the kit's fakes for smolvm. */
const FAKES = join(KIT_DIRECTORY, 'smolvm-fakes', 'bin');

/** The fake for those who have no smolvm; without root, the one that needs the least of the kernel. */
export function demoSmolvm(isRoot = process.getuid?.() === 0): string {
  return join(FAKES, isRoot ? 'smolvm-0.8.0' : 'smolvm-1.9.3');
}

/** Finds the smolvm to run this agent. Only the kit's own demo falls back to the fake. */
export async function smolvmFor(manifest: Manifest | undefined): Promise<SmolvmBinary> {
  const isDemo = manifest?.agent.origin === 'examples' && manifest.agent.name === 'demo';
  return findSmolvm(isDemo ? demoSmolvm() : undefined);
}

/** Returns whether this is the kit's fake, which confines with namespaces and is not a security boundary. */
export function isFakeSmolvm(path: string): boolean {
  return realpathSync(path).startsWith(`${realpathSync(FAKES)}/`);
}
