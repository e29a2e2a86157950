import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import { bottleDirectory } from './paths.ts';

/**
 * Returns the directory of a bottle's host-side sockets. It is short and outside the home: a Unix socket's
 * path is limited to 104 bytes on macOS (108 on Linux), which a home or temporary directory and a slug can
 * exceed.
 */
export function socketDirectory(slug: string): string {
  const key = createHash('sha256').update(bottleDirectory(slug)).digest('hex').slice(0, 16);
  return join(socketRoot(), key);
}

/**
 * Creates a bottle's socket directory. Anyone can write to /tmp, so its parent must be accessible only to us.
 * @throws BottleError `confinement-breached`
 */
export async function makeSocketDirectory(slug: string): Promise<string> {
  const root = socketRoot();
  await mkdir(root, { mode: 0o700, recursive: true });
  const found = await lstat(root);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new BottleError('confinement-breached', `${root} is not a directory that only you can access`, {
      hint: `Check who created it (ls -ld ${root}), remove it, then try again.`,
    });
  }
  const directory = socketDirectory(slug);
  await mkdir(directory, { mode: 0o700, recursive: true });
  return directory;
}

function socketRoot(): string {
  return `/tmp/bot-bottle-${process.getuid?.() ?? 'user'}`;
}
