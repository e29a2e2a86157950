import { lstat } from 'node:fs/promises';
import { join } from 'node:path';

/** Characters that some file systems ignore in names, so that `.g‌it` is `.git` there. */
const IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** Names that some file system takes for `.git`: in other case, with its short name, trailing dots, or a stream. */
const GIT_DIRECTORY = /^(\.git|git~\d+)[ .]*(:.*)?$/iu;

/**
 * Says why a path of a bottle's tree must not be written to the host at all; undefined when it may. git refuses most of
 * these too: this does not depend on the host's version and settings.
 */
export function pathProblem(path: string, mode = ''): string | undefined {
  if (path.includes('\ufffd')) return 'its name is not UTF-8';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'its path leads elsewhere';
  if (mode === '120000' && /^\.git/i.test(parts.at(-1) ?? '')) return 'git would follow it as a link';
  // A file system of Windows takes a backslash for a slash.
  if (path.split(/[/\\]/).some((part) => GIT_DIRECTORY.test(part.replaceAll(IGNORED, '')))) {
    return 'it is inside a git directory';
  }
  return undefined;
}

/** Whether a folder on the way from `root` to `path` is a symbolic link. Missing folders are none. */
export async function hasSymlinkAbove(root: string, path: string): Promise<boolean> {
  let folder = root;
  for (const part of path.split('/').slice(0, -1)) {
    folder = join(folder, part);
    const found = await lstat(folder).catch(() => undefined);
    if (found?.isSymbolicLink()) return true;
  }
  return false;
}
