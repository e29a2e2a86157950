import { cp, mkdir, mkdtemp, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git } from '../../git/git.ts';
import type { Change } from '../../workspace/changes.ts';
import { withIndexOf } from './differing.ts';
import { lookAt } from './on-the-way.ts';

/**
 * Writes changes that were judged `ready` into their working tree. git first writes all files beside, with the line ends
 * and filters that it would give them; then each is moved into its place, so that a file is either the old or the new
 * one whenever this is interrupted. Neither the index nor HEAD changes.
 * @returns the changes that found something in their way after all.
 */
export async function writeChanges(
  directory: string,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<Change[]> {
  const blocked: Change[] = [];
  const staging = await mkdtemp(
    join(await git(directory, ['rev-parse', '--absolute-git-dir']), 'bottle-apply-'),
  );
  try {
    const files = changes.filter(({ newMode }) => newMode !== '000000');
    await stage(directory, files, staging, signal);
    for (const change of changes.filter(({ newMode }) => newMode === '000000')) {
      signal.throwIfAborted();
      if (!(await remove(directory, change.path))) blocked.push(change);
    }
    for (const change of files) {
      signal.throwIfAborted();
      if (!(await place(directory, change, join(staging, change.path)))) blocked.push(change);
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return blocked;
}

async function stage(
  directory: string,
  files: readonly Change[],
  staging: string,
  signal: AbortSignal,
): Promise<void> {
  const entries = files.map(({ path, newMode, newId }) => ({ path, mode: newMode, id: newId }));
  await withIndexOf(directory, entries, (env) =>
    git(directory, ['checkout-index', '--all', `--prefix=${staging}/`], { env, signal }),
  );
}

async function remove(directory: string, path: string): Promise<boolean> {
  const found = await lookAt(directory, path);
  if (found.kind === 'nothing') return true;
  if (found.kind === 'folder' || found.kind === 'blocked') return false;
  await unlink(join(directory, path));
  // As git does: a folder without files goes too.
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if (!(await removeEmpty(join(directory, folder)))) break;
  }
  return true;
}

async function place(directory: string, { path, status }: Change, staged: string): Promise<boolean> {
  const target = join(directory, path);
  const { kind } = await lookAt(directory, path);
  const isFree = status === 'added' ? kind === 'nothing' : kind === 'file' || kind === 'symlink';
  if (!isFree) return false;
  await mkdir(dirname(target), { recursive: true });
  try {
    await rename(staged, target);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await moveAcross(staged, target);
  }
  return true;
}

/** The working tree is on another file system than its repository. */
async function moveAcross(staged: string, target: string): Promise<void> {
  const beside = await mkdtemp(join(dirname(target), '.bottle-apply-'));
  try {
    await cp(staged, join(beside, 'file'), { verbatimSymlinks: true });
    await rename(join(beside, 'file'), target);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** Returns whether there was nothing in it. */
async function removeEmpty(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    () => false,
  );
}
