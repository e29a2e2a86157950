import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { BottleError, messageOf } from '../errors.ts';

/** What this project reads of a machine's record; all else in it is left as it is. */
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

/** Milliseconds to wait for smolvm's own writers; it uses the same. */
const BUSY_TIMEOUT_MS = 15_000;

/** Where smolvm keeps its machines: its own rule, per platform. */
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

/** @throws BottleError `confinement-breached`: a record that cannot be read is a policy that cannot be known. */
export function readMachineRecord(name: string, path = stateDbPath()): MachineRecord {
  return withDatabase(path, (database) =>
    machineRecord.parse(storedJson.parse(JSON.parse(storedText(database, name)))),
  );
}

/**
 * Sets a machine's network policy, since `create --from` drops it (smolvm 0.8.0 to 1.7.7). Only `allowed_cidrs`
 * is written: were the patch lost, the guest would have no network at all, whereas `network: true` would leave it
 * unconfined. The column stays a BLOB, which smolvm requires, and the transaction takes the write lock at once,
 * so that no other writer comes between reading and writing.
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
  if (row === undefined) throw new Error(`it holds no machine '${name}'`);
  if (!(row.data instanceof Uint8Array)) throw new Error(`the record of '${name}' is not a BLOB`);
  return Buffer.from(row.data).toString('utf8');
}

function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  try {
    // Opening would create the file, and hide that this is the wrong place.
    if (!existsSync(path)) throw new Error('there is no such file');
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
