import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readRecord, recordPath, writeRecord } from '../../../lib/bottle/records.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const slug = 'demo-abcde';
const schema = z.strictObject({ alias: z.string() });
const record = {
  phase: 'allocate',
  at: new Date(0).toISOString(),
  durationMs: 3,
  inputs: {},
  data: { alias: 'x' },
};

describe('phase records', () => {
  useTemporaryHome();

  it('a record is read as it was written, and only its owner can read the file', async () => {
    await writeRecord(slug, record);
    expect(await readRecord(slug, 'allocate', schema)).toEqual(record);
    expect((await stat(recordPath(slug, 'allocate'))).mode & 0o777).toBe(0o600);
  });

  it('readRecord returns undefined when the phase has not run', async () => {
    expect(await readRecord(slug, 'allocate', schema)).toBeUndefined();
  });

  it('writeRecord leaves no temporary file behind', async () => {
    await writeRecord(slug, record);
    expect(await readdir(dirname(recordPath(slug, 'allocate')))).toEqual(['allocate.json']);
  });

  it.each([
    ['that is truncated', '{"phase":'],
    ['with another shape', JSON.stringify({ ...record, data: { alias: 1 } })],
    ['with unknown keys', JSON.stringify({ ...record, extra: true })],
  ])('a record %s is refused with the file’s name', async (_what, text) => {
    const path = recordPath(slug, 'allocate');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await expect(readRecord(slug, 'allocate', schema)).rejects.toThrow(`${path} cannot be used`);
  });
});
