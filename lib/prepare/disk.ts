import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BottleError } from '../errors.ts';

const MIB = 1024 ** 2;

/** Bytes below which no agent's image can be packed; the smallest base image alone is about this large. */
export const SPACE_NEEDED = 256 * MIB;

/** Bytes free for this user where `path` is, or will be. */
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

/** @throws BottleError `disk-full` */
export function checkSpace(free: number, place: string): void {
  if (free >= SPACE_NEEDED) return;
  const [has, wants] = [Math.floor(free / MIB), SPACE_NEEDED / MIB];
  throw new BottleError(
    'disk-full',
    `the disk is full: ${has} MiB are free at ${place}, ${wants} are needed`,
    {
      hint: 'Free some space (`docker system prune`, `make cleanup`), or set BOT_BOTTLE_CACHE to a larger disk.',
    },
  );
}
