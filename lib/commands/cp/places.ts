import { posix } from 'node:path';
import { BottleError } from '../../errors.ts';

/** One side is in the guest; `-` on the other is standard input or output. */
export interface Places {
  readonly direction: 'in' | 'out';
  /** As the operator wrote it. */
  readonly host: string;
  /** Without its prefix. */
  readonly guest: string;
}

const PREFIX = 'guest:';
const HINT = `Write \`${PREFIX}\` before the path in the guest: FROM=${PREFIX}notes.txt TO=.`;

/**
 * Tells which side is the guest's. Without TO, a copy out goes to the working directory, and one in to the session's.
 * @throws BottleError `usage`
 */
export function placesOf(from: string | undefined, to: string | undefined): Places {
  const isOut = from?.startsWith(PREFIX) === true;
  const source = from ?? '';
  const target = to ?? (isOut ? '.' : PREFIX);
  if (source === '' || target === '') throw new BottleError('usage', 'FROM or TO is empty', { hint: HINT });
  if (target.startsWith(PREFIX) === isOut) {
    const which = isOut ? 'both FROM and TO are' : 'neither FROM nor TO is';
    throw new BottleError('usage', `${which} in the guest`, { hint: HINT });
  }
  if (source.includes('\0') || target.includes('\0')) throw new BottleError('usage', 'a path has a NUL');
  return isOut
    ? { direction: 'out', host: target, guest: source.slice(PREFIX.length) }
    : { direction: 'in', host: source, guest: target.slice(PREFIX.length) };
}

/** Returns the absolute path in the guest: relative ones start in the session's directory, `~` is the agent's home. */
export function guestPath(
  agent: { readonly home: string; readonly directory: string },
  path: string,
): string {
  const whole = /^~(\/|$)/.test(path) ? agent.home + path.slice(1) : posix.resolve(agent.directory, path);
  const plain = posix.normalize(whole);
  return plain === '/' ? plain : plain.replace(/\/$/, '');
}

/** Whether a path says that it is a folder. */
export function namesFolder(path: string): boolean {
  return /(^|\/)\.{0,2}$/.test(path);
}

/** Whether a path means what is in a folder, as in `docker cp`. */
export function namesContents(path: string): boolean {
  return path === '.' || path.endsWith('/.');
}
