import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../../bottle/paths.ts';
import type { BaseImage } from '../base-image-pins.ts';

/** For a day a stand-in is taken as it is: asking a registry that is out of reach may take as long as its time-out. */
const DAY_MS = 24 * 60 * 60_000;

const stamp = (name: BaseImage) => join(cacheDirectory(), 'stand-ins', `${name}.asked`);

/** Whether a registry was asked for what the stand-in stands for within the last day. */
export async function registryAskedToday(name: BaseImage): Promise<boolean> {
  const asked = await stat(stamp(name)).catch(() => undefined);
  // A time in the future is that of a clock that was wrong.
  return asked !== undefined && Math.abs(Date.now() - asked.mtimeMs) < DAY_MS;
}

export async function noteRegistryAsked(name: BaseImage): Promise<void> {
  await mkdir(dirname(stamp(name)), { recursive: true });
  // Anew: a file that was there may belong to another user.
  await rm(stamp(name), { force: true });
  await writeFile(stamp(name), '');
}
