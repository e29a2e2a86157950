import { join } from 'node:path';
import { homeDirectory, KIT_DIRECTORY } from '../bottle/paths.ts';
import type { ManifestSources } from './find.ts';

/** Where manifests are looked for: the operator's home, the working directory, the kit's own examples. */
export function manifestSources(cwd: string = process.cwd()): ManifestSources {
  return { home: homeDirectory(), cwd, examples: join(KIT_DIRECTORY, 'fixtures', 'manifests') };
}
