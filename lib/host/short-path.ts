import { homedir } from 'node:os';
import { sep } from 'node:path';

/** Abbreviates the home directory in a path to `~`. */
export function shortPath(path: string, home = homedir()): string {
  return path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
