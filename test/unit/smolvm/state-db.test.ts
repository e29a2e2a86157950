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

describe('the patch of smolvm’s state database', () => {
  it('sets the policy, keeps everything else, and stays a BLOB', () => {
    insert(Buffer.from(JSON.stringify(record)));
    patchAllowedCidrs('m', ['127.0.0.16/32'], path);
    expect(stored()).toEqual({ type: 'blob', value: { ...record, allowed_cidrs: ['127.0.0.16/32'] } });
    expect(readMachineRecord('m', path).allowed_cidrs).toEqual(['127.0.0.16/32']);
  });

  it('waits for a writer that holds the database', async () => {
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
      /holds no machine 'other'/,
    ],
    ['the record is text', () => insert(JSON.stringify(record)), 'm', /is not a BLOB/],
    ['the record is no JSON', () => insert(Buffer.from('{')), 'm', /smolvm's state database/],
  ])('stops the launch when %s', (_what, arrange, name, message) => {
    arrange();
    expect(() => patchAllowedCidrs(name, ['127.0.0.16/32'], path)).toThrow(message);
  });

  it('stops the launch, and makes no file, when there is no database', () => {
    expect(() => patchAllowedCidrs('m', [], join(directory, 'none.db'))).toThrow(/there is no such file/);
    expect(() => patchAllowedCidrs('m', [], join(directory, 'none.db'))).toThrow(/there is no such file/);
  });
});

describe('where smolvm keeps its state', () => {
  it('follows XDG on Linux, absolute values only', () => {
    expect(stateDbPath('linux', { XDG_DATA_HOME: '/d' }, '/h')).toBe('/d/smolvm/server/smolvm.db');
    expect(stateDbPath('linux', { XDG_DATA_HOME: 'd' }, '/h')).toBe(
      '/h/.local/share/smolvm/server/smolvm.db',
    );
    expect(stateDbPath('linux', {}, '/h')).toBe('/h/.local/share/smolvm/server/smolvm.db');
  });

  it('is Application Support on macOS, whatever XDG says', () => {
    expect(stateDbPath('darwin', { XDG_DATA_HOME: '/d' }, '/Users/x')).toBe(
      '/Users/x/Library/Application Support/smolvm/server/smolvm.db',
    );
  });
});
