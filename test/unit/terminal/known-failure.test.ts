import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { knownFailure } from '../../../lib/terminal/known-failure.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
  writeFileSync(join(directory, 'file'), '');
  mkdirSync(join(directory, 'closed'));
  chmodSync(join(directory, 'closed'), 0o500);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function failureOf(work: () => unknown) {
  try {
    await work();
  } catch (error) {
    return knownFailure(error);
  }
  throw new Error('it did not fail');
}

it('a full disk is named, whoever meets it', async () => {
  const full = await failureOf(() => writeFile('/dev/full', 'x'));
  expect([full?.code, full?.exitCode]).toEqual(['disk-full', 69]);
  const database = new DatabaseSync(join(directory, 'small.db'));
  database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (c)');
  const sqlite = await failureOf(() => database.exec('INSERT INTO t VALUES (zeroblob(100000))'));
  database.close();
  expect(sqlite?.code).toBe('disk-full');
});

it('a path that cannot be used is named, with the reason and the remedy', async () => {
  const through = await failureOf(() => mkdir(join(directory, 'file', 'state'), { recursive: true }));
  expect([through?.code, through?.message]).toEqual([
    'path-unusable',
    expect.stringContaining('no directory'),
  ]);
  expect(through?.hint).toContain('BOT_BOTTLE_HOME');
  const opened = await failureOf(() => new DatabaseSync(join(directory, 'missing', 'x.db')));
  expect(opened?.code).toBe('path-unusable');
  const long = await failureOf(() => mkdir(join(directory, 'x'.repeat(300))));
  expect(long?.message).toContain('is too long');
});

it('a fault of the kit stays one', () => {
  expect(knownFailure(new TypeError('x is not a function'))).toBeUndefined();
  expect(knownFailure(Object.assign(new Error('EACCES'), { code: 'EACCES' }))).toBeUndefined();
  expect(knownFailure('text')).toBeUndefined();
});
