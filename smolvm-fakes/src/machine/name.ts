import { randomBytes } from 'node:crypto';
import { configError } from '../errors.ts';

const LONGEST = 128;

/** @throws SmolvmError, `operation` being the verb's own words, when smolvm refuses the name. */
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

export const automaticName = () => `vm-${randomBytes(4).toString('hex')}`;

/** What verbs act on when no name is given. */
export const DEFAULT_NAME = 'default';
