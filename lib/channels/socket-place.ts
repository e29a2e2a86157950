import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bottleDirectory } from '../bottle/paths.ts';
import type { DaemonName } from '../daemons/contract/daemons.ts';
import { BottleError } from '../errors.ts';

/**
 * Directory of a bottle's host-side sockets. Short, and not below the home: a Unix socket's path may have 104 bytes
 * on macOS (108 on Linux), which homes, temporary folders there and slugs use up by themselves.
 */
export function socketDirectory(slug: string): string {
  const key = createHash('sha256').update(bottleDirectory(slug)).digest('hex').slice(0, 16);
  return join(socketRoot(), key);
}

export function hostSocket(slug: string, daemon: DaemonName): string {
  return join(socketDirectory(slug), `${daemon}.sock`);
}

/** Where the guest sees the socket of a daemon. */
export function guestSocket(daemon: DaemonName): string {
  return `/run/bot-bottle/${daemon}.sock`;
}

/** Anyone may write to /tmp: the directory must be ours alone before a socket goes there. */
export async function makeSocketDirectory(slug: string): Promise<string> {
  const root = socketRoot();
  await mkdir(root, { mode: 0o700, recursive: true });
  const found = await lstat(root);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) {
    throw new BottleError('confinement-breached', `${root} is not a directory of yours alone`, {
      hint: `Look at who made it (ls -ld ${root}), remove it, then try again.`,
    });
  }
  const directory = socketDirectory(slug);
  await mkdir(directory, { mode: 0o700, recursive: true });
  return directory;
}

function socketRoot(): string {
  return `/tmp/bot-bottle-${process.getuid?.() ?? 'user'}`;
}
