import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseError, messageOf } from '../errors.ts';
import { faults } from '../faults/faults.ts';
import { databasePath } from '../paths.ts';
import type { Profile } from '../profile.ts';
import { startTimeOf } from '../system/process.ts';
import { recordSchema, serializeRecord, type VmRecord } from './record.ts';

/** Milliseconds that smolvm waits for another writer. */
export const BUSY_TIMEOUT_MS = 15_000;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS vms (name TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS config (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
`;

const RESERVATIONS = `
  CREATE TABLE IF NOT EXISTS vm_create_reservations (
    name TEXT PRIMARY KEY NOT NULL, owner_token TEXT NOT NULL, owner_pid INTEGER NOT NULL, created_at INTEGER NOT NULL
  );
`;

/** The fake has no forks: the tables exist because readers of the database may look for them. */
const FORKS = ['fork_pools', 'fork_pool_snapshots', 'fork_pool_slots', 'fork_leases']
  .map((table) => `CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL);`)
  .join('\n');

/** Seconds after which a reservation expires. */
const RESERVATION_TTL = 3_600;

const SETTINGS: ReadonlyArray<readonly [string, string]> = [
  ['version', '1'],
  ['default_cpus', '4'],
  ['default_mem', '8192'],
  ['default_dns', '1.1.1.1'],
  ['storage_volume', ''],
];

/** smolvm's state: one JSON document per machine, in a BLOB column. */
export class Database implements Disposable {
  readonly #sqlite: DatabaseSync;

  constructor(profile: Pick<Profile, 'reservations' | 'forks'>, path: string = databasePath()) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#sqlite = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      this.#sqlite.exec(SCHEMA);
      if (profile.reservations) this.#sqlite.exec(RESERVATIONS);
      if (profile.forks) this.#sqlite.exec(FORKS);
      this.#addSettings();
    } catch (error) {
      throw databaseError('open', messageOf(error));
    }
  }

  [Symbol.dispose](): void {
    this.#sqlite.close();
  }

  get(name: string): VmRecord | undefined {
    const row = this.#attempt('get vm', () =>
      this.#sqlite.prepare('SELECT name, data FROM vms WHERE name = ?').get(name),
    );
    return row === undefined ? undefined : decode(row.data);
  }

  all(): VmRecord[] {
    const rows = this.#attempt('list vms', () => this.#sqlite.prepare('SELECT name, data FROM vms').all());
    return rows.map((row) => decode(row.data));
  }

  /** Adds a record. @returns false when the name is taken. */
  insert(record: VmRecord): boolean {
    this.#refuseIfFull();
    const statement = 'INSERT INTO vms (name, data) VALUES (?, ?) ON CONFLICT DO NOTHING';
    const result = this.#attempt('insert vm', () =>
      this.#sqlite.prepare(statement).run(record.name, serializeRecord(record)),
    );
    return result.changes === 1;
  }

  /** Writes back a whole record, like smolvm; a record deleted meanwhile stays deleted. */
  update(record: VmRecord): void {
    this.#refuseIfFull();
    this.#attempt('update vm', () =>
      this.#sqlite
        .prepare('UPDATE vms SET data = ? WHERE name = ?')
        .run(serializeRecord(record), record.name),
    );
  }

  /** Reserves the name of a new machine until disposal. @returns undefined when another process holds it. */
  reserve(name: string): Disposable | undefined {
    const token = randomUUID();
    const now = Math.floor(Date.now() / 1000);
    const reserved = this.#attempt('reserve vm', () => {
      const stale = this.#sqlite
        .prepare('SELECT owner_pid, created_at FROM vm_create_reservations WHERE name = ?')
        .get(name);
      if (stale !== undefined) {
        const expired = Number(stale.created_at) < now - RESERVATION_TTL;
        if (!expired && startTimeOf(Number(stale.owner_pid)) !== undefined) return false;
        const drop = 'DELETE FROM vm_create_reservations WHERE name = ? AND owner_pid = ?';
        this.#sqlite.prepare(drop).run(name, stale.owner_pid ?? 0);
      }
      const insert = 'INSERT INTO vm_create_reservations VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
      return this.#sqlite.prepare(insert).run(name, token, process.pid, now).changes === 1;
    });
    if (!reserved) return undefined;
    const release = 'DELETE FROM vm_create_reservations WHERE owner_token = ?';
    return { [Symbol.dispose]: () => void this.#sqlite.prepare(release).run(token) };
  }

  remove(name: string): void {
    this.#attempt('remove vm', () => this.#sqlite.prepare('DELETE FROM vms WHERE name = ?').run(name));
  }

  #refuseIfFull(): void {
    if (faults().diskFull) throw databaseError('write vm', 'database or disk is full');
  }

  #addSettings(): void {
    const known = this.#sqlite.prepare('SELECT count(*) AS n FROM config').get();
    if (known?.n === SETTINGS.length) return;
    const insert = this.#sqlite.prepare(
      'INSERT INTO config (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
    for (const [key, value] of SETTINGS) insert.run(key, value);
  }

  #attempt<Result>(operation: string, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw databaseError(operation, messageOf(error));
    }
  }
}

function decode(data: unknown): VmRecord {
  if (!(data instanceof Uint8Array)) {
    throw databaseError('read vm', 'Invalid column type Text at index: 1, name: data');
  }
  try {
    return recordSchema.parse(JSON.parse(Buffer.from(data).toString('utf8')));
  } catch (error) {
    throw databaseError('deserialize vm', messageOf(error));
  }
}
