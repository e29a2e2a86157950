import { realpathSync, statSync } from 'node:fs';
import { SmolvmError } from '../errors.ts';

const PROTECTED_TREES = [
  '/var/run',
  '/var/log',
  '/etc',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/proc',
  '/sys',
  '/dev',
  '/run',
];

/**
 * Parses `HOST:GUEST[:ro|:rw]`; the host path becomes canonical. @throws SmolvmError when smolvm refuses it.
 */
export function parseVolume(text: string): [string, string, boolean] {
  const [host = '', guest = '', mode = 'rw', ...more] = text.split(':');
  if (guest === '' || more.length > 0 || !['ro', 'rw'].includes(mode)) {
    throw new SmolvmError(`invalid mount path: expected HOST:GUEST[:ro|:rw], got '${text}'`);
  }
  if (!guest.startsWith('/'))
    throw new SmolvmError(`invalid mount path: guest path must be absolute: ${guest}`);
  let source: string;
  try {
    source = realpathSync(host);
  } catch {
    throw new SmolvmError(`mount source not found: ${host}`);
  }
  if (!statSync(source).isDirectory()) {
    throw new SmolvmError(`invalid mount path: source must be a directory: ${host}`);
  }
  const refused =
    ['/', '/var'].includes(source) || PROTECTED_TREES.some((tree) => `${source}/`.startsWith(`${tree}/`));
  if (refused) throw new SmolvmError(`invalid mount path: protected path: ${source}`);
  return [source, guest, mode === 'ro'];
}

/** @throws SmolvmError when two volumes have the same guest path. */
export function refuseSharedTargets(mounts: ReadonlyArray<readonly [string, string, boolean]>): void {
  const targets = mounts.map(([, guest]) => guest);
  const twice = targets.find((guest, index) => targets.indexOf(guest) !== index);
  if (twice !== undefined) throw new SmolvmError(`invalid mount path: duplicate guest path: ${twice}`);
}
