import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { patchAllowedCidrs, readMachineRecord, stateDbPath } from '../../../lib/smolvm/state-db.ts';

let directory: string;
let path: string;

function insert(data: Buffer | string): void {
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE IF NOT EXISTS vms (name TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL)');
  database.prepare('INSERT OR REPLACE INTO vms VALUES (?, ?)').run('m', data);
  database.close();
}

function stored(): { type: unknown; value: Record<string, unknown> } {
  const database = new DatabaseSync(path);
  const row = database
    .prepare("SELECT typeof(data) AS type, CAST(data AS TEXT) AS text FROM vms WHERE name = 'm'")
    .get();
  database.close();
  return { type: row?.type, value: JSON.parse(String(row?.text)) };
}

const record = {
  name: 'm',
  network: false,
  ports: [],
  allowed_cidrs: null,
  env: [['A', 'b']],
  later_field: { x: 1 },
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bottle-kit-test-'));
  path = join(directory, 'smolvm.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('patch of smolvm’s state database', () => {
  it('patchAllowedCidrs sets the policy, keeps all other fields, and stores a BLOB', () => {
    insert(Buffer.from(JSON.stringify(record)));
    patchAllowedCidrs('m', ['127.0.0.16/32'], path);
    expect(stored()).toEqual({ type: 'blob', value: { ...record, allowed_cidrs: ['127.0.0.16/32'] } });
    expect(readMachineRecord('m', path).allowed_cidrs).toEqual(['127.0.0.16/32']);
  });

  it('patchAllowedCidrs works while another connection is open', async () => {
    insert(Buffer.from(JSON.stringify(record)));
    const writer = new DatabaseSync(path);
    writer.exec('BEGIN IMMEDIATE');
    writer.exec("UPDATE vms SET name = 'm'");
    writer.exec('COMMIT');
    patchAllowedCidrs('m', ['127.0.0.17/32'], path);
    writer.close();
    expect(stored().value.allowed_cidrs).toEqual(['127.0.0.17/32']);
  });

  it.each([
    [
      'the machine is not in it',
      () => insert(Buffer.from(JSON.stringify(record))),
      'other',
      /contains no machine 'other'/,
    ],
    ['the record is text', () => insert(JSON.stringify(record)), 'm', /is not a BLOB/],
    ['the record is not JSON', () => insert(Buffer.from('{')), 'm', /smolvm's state database/],
  ])('patchAllowedCidrs throws when %s', (_what, arrange, name, message) => {
    arrange();
    expect(() => patchAllowedCidrs(name, ['127.0.0.16/32'], path)).toThrow(message);
  });

  it('patchAllowedCidrs throws and creates no file when the database is missing', () => {
    expect(() => patchAllowedCidrs('m', [], join(directory, 'none.db'))).toThrow(/the file does not exist/);
    expect(() => patchAllowedCidrs('m', [], join(directory, 'none.db'))).toThrow(/the file does not exist/);
  });
});

describe('path of smolvm’s state database', () => {
  it('the path follows an absolute XDG_DATA_HOME on Linux', () => {
    expect(stateDbPath('linux', { XDG_DATA_HOME: '/d' }, '/h')).toBe('/d/smolvm/server/smolvm.db');
    expect(stateDbPath('linux', { XDG_DATA_HOME: 'd' }, '/h')).toBe(
      '/h/.local/share/smolvm/server/smolvm.db',
    );
    expect(stateDbPath('linux', {}, '/h')).toBe('/h/.local/share/smolvm/server/smolvm.db');
  });

  it('the path is in Application Support on macOS, regardless of XDG_DATA_HOME', () => {
    expect(stateDbPath('darwin', { XDG_DATA_HOME: '/d' }, '/Users/x')).toBe(
      '/Users/x/Library/Application Support/smolvm/server/smolvm.db',
    );
  });
});
