import { shortPath } from '../host/short-path.ts';
import type { Manifest } from '../manifest/types.ts';

/** ` (FILE:LINE)`, where the file says the key, or nothing for a default. */
export function placeOf(manifest: Manifest, key: string): string {
  const origin = manifest.origins[key];
  return origin === undefined ? '' : ` (${shortPath(origin.file)}:${origin.line})`;
}
