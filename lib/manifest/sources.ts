import { join } from 'node:path';
import { homeDirectory, KIT_DIRECTORY } from '../host/directories.ts';
import type { ManifestSources } from './find.ts';

/**
 * Returns where manifests are looked up: the operator's home, the working directory and the kit's examples.
 */
export function manifestSources(cwd: string = process.cwd()): ManifestSources {
  return { home: homeDirectory(), cwd, examples: join(KIT_DIRECTORY, 'fixtures', 'manifests') };
}
