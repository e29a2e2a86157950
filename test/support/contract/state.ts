import { DatabaseSync } from 'node:sqlite';
import type { Home } from './smolvm.ts';

export type RawRecord = Record<string, unknown>;

/** A machine's record as stored in the state DB, keys in stored order. */
export function recordOf(home: Home, name: string): RawRecord {
  using database = open(home);
  const row = database.sqlite.prepare('SELECT data FROM vms WHERE name = ?').get(name);
  if (!(row?.data instanceof Uint8Array)) throw new Error(`${name}: no record, or no BLOB`);
  return JSON.parse(Buffer.from(row.data).toString()) as RawRecord;
}

/** Changes a record, as drivers of smolvm 0.8.0 do to give a packed machine a policy. */
export function patchRecord(home: Home, name: string, fields: RawRecord): void {
  using database = open(home);
  const record = { ...recordOf(home, name), ...fields };
  const data = Buffer.from(JSON.stringify(record));
  database.sqlite.prepare('UPDATE vms SET data = ? WHERE name = ?').run(data, name);
}

export function open(home: Home): Disposable & { sqlite: DatabaseSync } {
  const sqlite = new DatabaseSync(home.database, { timeout: 15_000 });
  return { sqlite, [Symbol.dispose]: () => sqlite.close() };
}
