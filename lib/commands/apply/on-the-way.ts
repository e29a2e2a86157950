import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a path leads to, without following any link. */
export type Found =
  | { readonly kind: 'nothing' | 'file' | 'symlink' | 'folder' }
  /** Something above it: a link, a file, or a folder with a repository of its own. */
  | { readonly kind: 'blocked'; readonly by: 'symlink' | 'file' | 'repository'; readonly at: string };

/** Looks at each folder from `root` to `path`. */
export async function lookAt(root: string, path: string): Promise<Found> {
  const parts = path.split('/');
  for (const index of parts.keys()) {
    const at = parts.slice(0, index + 1).join('/');
    const found = await lstatOrNothing(join(root, at));
    if (found === undefined) return { kind: 'nothing' };
    const kind = kindOf(found);
    if (index === parts.length - 1) return { kind };
    if (kind !== 'folder') return { kind: 'blocked', by: kind, at };
    if (await lstatOrNothing(join(root, at, '.git'))) return { kind: 'blocked', by: 'repository', at };
  }
  return { kind: 'nothing' };
}

/** Whether a folder has nothing but files for which `isGoing` holds, and folders of such. */
export async function becomesEmpty(
  root: string,
  folder: string,
  isGoing: (path: string) => boolean,
): Promise<boolean> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    const goes = entry.isDirectory() ? await becomesEmpty(root, path, isGoing) : isGoing(path);
    if (!goes) return false;
  }
  return true;
}

function kindOf(found: Stats): 'file' | 'symlink' | 'folder' {
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'symlink' : 'file';
}

async function lstatOrNothing(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}
