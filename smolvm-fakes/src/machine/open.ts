import { agentError, notFoundError } from '../errors.ts';
import { ensureFolder, type RunningGuest, runningGuest } from '../guest/folder.ts';
import { sweep } from '../network/registry.ts';
import type { Profile } from '../profile.ts';
import { Database } from '../state/database.ts';
import type { VmRecord } from '../state/record.ts';
import { DEFAULT_NAME, validateName } from './name.ts';

/** Opens the state, after clearing what dead machines left on the host. */
export async function openDatabase(profile: Profile): Promise<Database> {
  const database = new Database(profile);
  await sweep();
  return database;
}

/** The record and the living container of a machine. @throws SmolvmError in the words of `exec` and `cp`. */
export function connectTo(
  database: Database,
  given: string | undefined,
  profile: Profile,
): { record: VmRecord; guest: RunningGuest } {
  const name = given ?? DEFAULT_NAME;
  validateName(name, 'validate machine name');
  const record = database.get(name);
  if (record !== undefined || profile.unknownMakesFolder) ensureFolder(name);
  if (record === undefined) {
    throw given === undefined ? agentError('connect', `machine '${name}' not found`) : notFoundError(name);
  }
  const guest = runningGuest(record);
  if (guest !== undefined) return { record, guest };
  throw agentError(
    'connect',
    `machine '${name}' is not running. Use 'smolvm machine start --name ${name}' first.`,
  );
}
