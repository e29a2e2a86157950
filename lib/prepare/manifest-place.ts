import { shortPath } from '../host/short-path.ts';
import type { Manifest } from '../manifest/types.ts';

/** Returns ` (FILE:LINE)` of a key, or an empty string for a default. */
export function placeOf(manifest: Manifest, key: string): string {
  const origin = manifest.origins[key];
  return origin === undefined ? '' : ` (${shortPath(origin.file)}:${origin.line})`;
}
