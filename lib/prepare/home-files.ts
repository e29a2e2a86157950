import * as files from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { homeDirectory } from '../host/directories.ts';
import { nearestExisting } from './disk.ts';

/** What a file system must be able to do, of `node:fs/promises`. */
export type FileOperations = Pick<typeof files, 'mkdtemp' | 'writeFile' | 'stat' | 'link' | 'symlink' | 'rm'>;

/**
 * Tries what a bottle needs of the file system of the home. One that knows no owners, such as FAT, exFAT, or a folder of
 * Windows, would show the keys of bottles to every user of this machine.
 * @throws BottleError `path-unusable`
 */
export async function assertHomeKeepsFiles(
  home = homeDirectory(),
  operations: FileOperations = files,
): Promise<void> {
  const { mkdtemp, writeFile, stat, link, symlink, rm } = operations;
  const directory = await mkdtemp(join(await nearestExisting(home), '.bot-bottle-check-'));
  try {
    const file = join(directory, 'file');
    await writeFile(file, '', { mode: 0o600 });
    const modes = [await stat(directory), await stat(file)].map(({ mode }) => mode & 0o077);
    if (modes.some((mode) => mode !== 0)) {
      throw unusable(home, 'does not keep the modes of files: other users could read the keys of bottles');
    }
    await link(file, join(directory, 'link')).catch(() => {
      throw unusable(home, 'has no hard links');
    });
    await symlink('file', join(directory, 'symlink')).catch(() => {
      throw unusable(home, 'has no symbolic links');
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function unusable(home: string, why: string): BottleError {
  return new BottleError('path-unusable', `the file system of ${home} ${why}`, {
    hint: 'Set BOT_BOTTLE_HOME to a directory on a file system of this system, such as ext4, XFS, Btrfs or APFS.',
  });
}
