import { setTimeout as sleep } from 'node:timers/promises';
import { agentError, databaseError, notFoundError } from '../errors.ts';
import { faults } from '../faults/faults.ts';
import { ensureFolder, type RunningGuest, runningGuest } from '../guest/folder.ts';
import { DEFAULT_NAME, validateName } from '../machine/name.ts';
import { sweep } from '../network/live-guests.ts';
import type { Profile } from '../profile.ts';
import { BUSY_TIMEOUT_MS, Database } from './database.ts';
import type { VmRecord } from './record.ts';

/** Opens the state DB and cleans up what dead machines left on the host. */
export async function openDatabase(profile: Profile): Promise<Database> {
  await waitForBusy();
  const database = new Database(profile);
  await sweep();
  return database;
}

/** Waits while another process writes, as `db:busy` says; like smolvm, gives up at its own limit. */
async function waitForBusy(): Promise<void> {
  const { dbBusy } = faults();
  await sleep(Math.min(dbBusy, BUSY_TIMEOUT_MS));
  if (dbBusy > BUSY_TIMEOUT_MS) throw databaseError('begin transaction', 'database is locked');
}

/** A machine's record and live container. @throws SmolvmError in the wording of `exec` and `cp`. */
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
