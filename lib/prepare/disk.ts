import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BottleError } from '../errors.ts';

const MIB = 1024 ** 2;

/** Bytes needed to pack an agent's image; the smallest base image alone is about this large. */
export const SPACE_NEEDED = 256 * MIB;

/** Returns the bytes available to this user on the disk where `path` is or will be. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearestExisting(path));
  return bavail * bsize;
}

export async function nearestExisting(path: string): Promise<string> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists || dirname(path) === path ? path : nearestExisting(dirname(path));
}

/** Checks that enough bytes are free. @throws BottleError `disk-full` */
export function checkSpace(free: number, place: string): void {
  if (free >= SPACE_NEEDED) return;
  const [has, wants] = [Math.floor(free / MIB), SPACE_NEEDED / MIB];
  throw new BottleError(
    'disk-full',
    `the disk is full: ${has} MiB are free at ${place}, but ${wants} MiB are needed`,
    {
      hint: 'Free some space (`docker system prune`, `make cleanup`), or set BOT_BOTTLE_CACHE to a larger disk.',
    },
  );
}
