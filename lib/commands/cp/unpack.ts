import { constants } from 'node:fs';
import { chmod, link, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReadEntry } from 'tar';
import { BottleError } from '../../errors.ts';
import { visibleName } from '../../host/visible.ts';
import { ArchiveReader } from './archive-reader.ts';
import { type CheckedEntry, type Limits, refusedWork } from './entry-rules.ts';

export interface Unpacked {
  readonly entries: number;
  /** Links that were left out, and git directories that came along; in a sentence. */
  readonly notices: readonly string[];
}

/** Errors of the file system that an archive causes, such as two names that are one there. */
const CAUSED = new Set(['EEXIST', 'ENAMETOOLONG', 'EINVAL', 'EILSEQ', 'ENOTDIR', 'ELOOP', 'EISDIR']);

/**
 * Returns a stream that unpacks an archive into the new folder `root`, and what completes it. Symbolic links are made at
 * the very end, so that nothing can be written through one.
 */
export function unpackInto(
  root: string,
  limits: Limits,
): { stream: ArchiveReader; finish(): Promise<Unpacked> } {
  const links: { path: string; target: string }[] = [];
  const folders: { path: string; mode: number }[] = [];
  const leftOut: string[] = [];
  const repositories: string[] = [];
  const umask = process.umask();
  const write = async (entry: CheckedEntry, raw: ReadEntry) => {
    const path = join(root, entry.path);
    const name = entry.path.split('/').at(-1)?.toLowerCase();
    if (name === '.git') repositories.push(entry.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Without setuid, setgid and sticky bits, and as the operator's umask has it.
    const mode = (raw.mode ?? 0o644) & 0o777 & ~umask;
    if (entry.kind === 'file') return writeFile(path, mode | 0o400, raw);
    raw.resume();
    if (entry.kind === 'left-out') leftOut.push(entry.path);
    if (entry.kind === 'symlink') links.push({ path, target: entry.target });
    if (entry.kind === 'link') await link(join(root, entry.target), path);
    if (entry.kind === 'folder') {
      // Another name for a folder that exists, such as one in other case, would mix the two.
      if (entry.path !== '') await mkdir(path, { mode: 0o700 });
      folders.push({ path, mode: mode | 0o700 });
    }
  };
  const stream = new ArchiveReader(limits, (entry, raw) => write(entry, raw).catch(asRefusal(entry)));
  return {
    stream,
    async finish() {
      for (const { path, target } of links) await symlink(target, path);
      for (const { path, mode } of folders.toReversed()) await chmod(path, mode);
      return { entries: stream.entries, notices: notices(leftOut, repositories) };
    },
  };
}

async function writeFile(path: string, mode: number, content: ReadEntry): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    await file.chmod(mode);
    const { mtime } = content;
    if (mtime !== undefined && mtime.getTime() > 0 && mtime.getTime() < Date.now())
      await file.utimes(mtime, mtime);
  } finally {
    await file.close();
  }
}

function asRefusal({ path }: CheckedEntry): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code === 'ENOSPC') {
      throw new BottleError('disk-full', 'the disk is full', {
        hint: 'Nothing was copied. Free some space.',
        cause: error,
      });
    }
    if (!CAUSED.has(error.code ?? '')) throw error;
    throw refusedWork(`\`${visibleName(path).slice(0, 300)}\` cannot exist here (${error.code})`);
  };
}

function notices(leftOut: readonly string[], repositories: readonly string[]): string[] {
  const named = (paths: readonly string[]) =>
    paths.slice(0, 10).map(visibleName).join(', ') +
    (paths.length > 10 ? `, and ${paths.length - 10} more` : '');
  return [
    ...(leftOut.length === 0 ? [] : [`left out links that may lead elsewhere: ${named(leftOut)}`]),
    ...(repositories.length === 0
      ? []
      : [`git runs what these say, so look before you run git there: ${named(repositories)}`]),
  ];
}
