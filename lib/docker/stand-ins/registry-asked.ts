import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../../host/directories.ts';
import type { BaseImage } from '../base-image-pins.ts';

/**
 * How long a stand-in is used without trying the registry, because an unreachable registry costs a timeout.
 */
const DAY_MS = 24 * 60 * 60_000;

const stamp = (name: BaseImage) => join(cacheDirectory(), 'stand-ins', `${name}.asked`);

/** Returns whether a registry was asked for the pinned image within the last day. */
export async function registryAskedToday(name: BaseImage): Promise<boolean> {
  const asked = await stat(stamp(name)).catch(() => undefined);
  // A time in the future means that the clock was wrong.
  return asked !== undefined && Math.abs(Date.now() - asked.mtimeMs) < DAY_MS;
}

export async function noteRegistryAsked(name: BaseImage): Promise<void> {
  await mkdir(dirname(stamp(name)), { recursive: true });
  // Recreated, because an existing file may belong to another user.
  await rm(stamp(name), { force: true });
  await writeFile(stamp(name), '');
}
