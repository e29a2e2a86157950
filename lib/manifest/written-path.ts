import { homedir } from 'node:os';
import path from 'node:path';
import type { ValueOrigin } from './types.ts';

export interface PathBase {
  /** The operator's working directory. */
  cwd: string;
  /** The operator's home directory, for `~`. */
  home?: string;
}

/**
 * Returns the absolute path that a manifest or an operator has written. A relative one starts at the operator's working
 * directory or, in the kit's examples, at the file that names it.
 */
export function writtenPath(
  written: string,
  named: ValueOrigin | undefined,
  { cwd, home = homedir() }: PathBase,
): string {
  if (written === '~') return home;
  if (written.startsWith('~/')) return path.join(home, written.slice(2));
  return path.resolve(named?.origin === 'examples' ? path.dirname(named.file) : cwd, written);
}
