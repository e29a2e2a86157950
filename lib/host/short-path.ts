import { homedir } from 'node:os';
import { sep } from 'node:path';

/** A path as people write it: `~` for the home directory. */
export function shortPath(path: string, home = homedir()): string {
  return path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
