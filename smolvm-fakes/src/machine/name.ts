import { randomBytes } from 'node:crypto';
import { configError, type SmolvmError } from '../errors.ts';
import type { Profile } from '../profile.ts';
import type { Database } from '../state/database.ts';

const LONGEST = 128;

/**
 * Validates a name for `operation`, the verb's own wording. @throws SmolvmError when smolvm refuses the name.
 */
export function validateName(name: string, operation: string): void {
  const reason = complaintAbout(name);
  if (reason !== undefined) throw configError(operation, `machine name ${reason}`);
}

function complaintAbout(name: string): string | undefined {
  if (name === '') return 'cannot be empty';
  if ([...name].length > LONGEST) return `too long: ${[...name].length} characters (max ${LONGEST})`;
  if (!/^[A-Za-z0-9]/.test(name)) return `must start with a letter or digit (got: "${[...name][0]}")`;
  if (name.endsWith('-')) return 'cannot end with a hyphen';
  if (name.includes('--')) return 'cannot contain consecutive hyphens';
  if (/[/\\]/.test(name)) return 'cannot contain path separators';
  const odd = [...name].find((character) => !/[A-Za-z0-9_-]/.test(character));
  return odd === undefined ? undefined : `contains invalid character: '${odd}'`;
}

const automaticName = () => `vm-${randomBytes(4).toString('hex')}`;

/** The machine that verbs act on when no name is given. */
export const DEFAULT_NAME = 'default';

/**
 * The name of a new machine, generated if none is given. @throws SmolvmError when it is malformed or taken.
 */
export function acceptedName(given: string | undefined, database: Database, profile: Profile): string {
  const name = given ?? automaticName();
  validateName(name, 'create machine');
  if (database.get(name) !== undefined) throw nameTaken(name, profile);
  return name;
}

export function nameTaken(name: string, profile: Profile): SmolvmError {
  const also = profile.reservations ? ' or is being created' : '';
  return configError('create machine', `machine '${name}' already exists${also}`);
}
