import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BottleError } from '../../../lib/errors.ts';
import { assertHomeKeepsFiles, type FileOperations } from '../../../lib/prepare/home-files.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const refuse = (code: string) => async () => {
  throw Object.assign(new Error(code), { code });
};

/** What file systems without owners or links do, as seen with exfat-fuse, ntfs-3g and their option `umask=077`. */
const POOR: Readonly<Record<string, Partial<FileOperations>>> = {
  'without modes': {
    stat: (async (path: string) => ({
      ...(await files.stat(path)),
      mode: 0o100777,
    })) as FileOperations['stat'],
  },
  'without hard links': { link: refuse('EPERM') },
  'without symbolic links': { symlink: refuse('ENOSYS') },
};

it('messages about file systems match the golden file', async () => {
  const said: string[] = [];
  for (const [title, operations] of Object.entries(POOR)) {
    const error: unknown = await assertHomeKeepsFiles(directory, { ...files, ...operations }).catch(
      (failure: unknown) => failure,
    );
    if (!(error instanceof BottleError)) throw new Error(`${title}: it was accepted`);
    said.push(`## ${title} (${error.code})\n\n${errorText(error).replaceAll(directory, '~')}\n`);
    expect(readdirSync(directory)).toEqual([]);
  }
  await expect(said.join('\n')).toMatchFileSnapshot('golden/home-files.txt');
});

it('a home that is not there yet is tried where it will be, and nothing of it stays', async () => {
  await assertHomeKeepsFiles(join(directory, 'not', 'yet'));
  expect(readdirSync(directory)).toEqual([]);
});

it('a umask that hides everything is no obstacle', async () => {
  const before = process.umask(0o077);
  try {
    await assertHomeKeepsFiles(directory);
  } finally {
    process.umask(before);
  }
});
