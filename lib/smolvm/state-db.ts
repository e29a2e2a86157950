import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';

/** The fields of a machine's record that the kit reads. All others are left unchanged. */
const machineRecord = z.looseObject({
  network: z.boolean(),
  ports: z.array(z.unknown()),
  allowed_cidrs: z.array(z.string()).nullable().default(null),
  dns_filter_hosts: z.array(z.string()).nullish(),
  network_backend: z.string().nullish(),
  source_smolmachine: z.string().nullish(),
});
export type MachineRecord = z.infer<typeof machineRecord>;

const storedJson = z.record(z.string(), z.unknown());

/** Milliseconds to wait for smolvm's own writers; smolvm uses the same value. */
const BUSY_TIMEOUT_MS = 15_000;

/** Returns the path of smolvm's state database, following smolvm's rule for each platform. */
export function stateDbPath(
  platform: NodeJS.Platform = process.platform,
  env = process.env,
  home = homedir(),
): string {
  if (platform === 'darwin')
    return join(home, 'Library', 'Application Support', 'smolvm', 'server', 'smolvm.db');
  const xdg = env.XDG_DATA_HOME;
  const data = xdg && isAbsolute(xdg) ? xdg : join(home, '.local', 'share');
  return join(data, 'smolvm', 'server', 'smolvm.db');
}

/**
 * Reads a machine's record.
 * @throws BottleError `confinement-breached`, because without it the policy is unknown.
 */
export function readMachineRecord(name: string, path = stateDbPath()): MachineRecord {
  return withDatabase(path, (database) =>
    machineRecord.parse(storedJson.parse(JSON.parse(storedText(database, name)))),
  );
}

/**
 * Sets a machine's network policy, because `create --from` drops it (smolvm 0.8.0 to 1.7.7). Writes only
 * `allowed_cidrs`: if the patch is lost, the guest has no network at all, whereas `network: true` would leave
 * it unconfined. The column stays a BLOB, as smolvm requires. The transaction takes the write lock at the
 * start, so no other writer can interfere between the read and the write.
 */
export function patchAllowedCidrs(name: string, cidrs: readonly string[], path = stateDbPath()): void {
  withDatabase(path, (database) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const record = storedJson.parse(JSON.parse(storedText(database, name)));
      const patched = Buffer.from(JSON.stringify({ ...record, allowed_cidrs: cidrs }));
      database.prepare('UPDATE vms SET data = ? WHERE name = ?').run(patched, name);
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  });
}

function storedText(database: DatabaseSync, name: string): string {
  const row = database.prepare('SELECT data FROM vms WHERE name = ?').get(name);
  if (row === undefined) throw new Error(`it contains no machine '${name}'`);
  if (!(row.data instanceof Uint8Array)) throw new Error(`the record of '${name}' is not a BLOB`);
  return Buffer.from(row.data).toString('utf8');
}

function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  try {
    // Opening would create the file and hide that the path is wrong.
    if (!existsSync(path)) throw new Error('the file does not exist');
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      return work(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw new BottleError('confinement-breached', `smolvm's state database ${path}: ${messageOf(error)}`, {
      hint: 'Without it the guest’s network policy cannot be set, so the launch stops here.',
      cause: error,
    });
  }
}
