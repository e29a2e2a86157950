import { rm } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { BottleError } from '../errors.ts';
import { cacheDirectory, homeDirectory } from './directories.ts';

/**
 * Removes a file or directory inside the kit's own directories. Idempotent.
 * @throws BottleError `teardown-incomplete` for any other path, since the journal may have been tampered
 * with.
 */
export async function removeOwnPath(path: string): Promise<void> {
  const own = [homeDirectory(), cacheDirectory()];
  const target = resolve(path);
  if (!own.some((directory) => target.startsWith(resolve(directory) + sep))) {
    throw new BottleError(
      'teardown-incomplete',
      `${path} is outside the kit's directories and was not removed`,
    );
  }
  await rm(target, { recursive: true, force: true });
}
