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

describe('a phase’s record', () => {
  useTemporaryHome();

  it('comes back as it was written, readable by its owner alone', async () => {
    await writeRecord(slug, record);
    expect(await readRecord(slug, 'allocate', schema)).toEqual(record);
    expect((await stat(recordPath(slug, 'allocate'))).mode & 0o777).toBe(0o600);
  });

  it('is nothing when the phase has not run', async () => {
    expect(await readRecord(slug, 'allocate', schema)).toBeUndefined();
  });

  it('leaves no temporary file behind', async () => {
    await writeRecord(slug, record);
    expect(await readdir(dirname(recordPath(slug, 'allocate')))).toEqual(['allocate.json']);
  });

  it.each([
    ['cut off', '{"phase":'],
    ['of another shape', JSON.stringify({ ...record, data: { alias: 1 } })],
    ['with keys nobody knows', JSON.stringify({ ...record, extra: true })],
  ])('is refused, naming the file, when it is %s', async (_what, text) => {
    const path = recordPath(slug, 'allocate');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await expect(readRecord(slug, 'allocate', schema)).rejects.toThrow(`${path} cannot be used`);
  });
});
