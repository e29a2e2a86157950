import { join } from 'node:path';
import { homeDirectory, KIT_DIRECTORY } from '../bottle/paths.ts';
import type { ManifestSources } from './find.ts';

/** Where manifests are looked for: the operator's home first, then the kit's own examples. */
export function manifestSources(): ManifestSources {
  return { home: homeDirectory(), examples: join(KIT_DIRECTORY, 'fixtures', 'manifests') };
}
