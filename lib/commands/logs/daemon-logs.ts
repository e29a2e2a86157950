import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { bottleDirectory, bottlePaths } from '../../bottle/paths.ts';
import { findContainer } from '../../docker/container.ts';
import { BottleError } from '../../errors.ts';
import { bundleName } from '../../plan/names.ts';

/**
 * Prints a bottle's bundle log on stdout: live from the engine while the bundle stands, else what teardown kept.
 * @throws BottleError `state-missing` when there is neither.
 */
export async function printDaemonLogs(
  slug: string,
  options: { follow: boolean; signal: AbortSignal },
): Promise<void> {
  const container = bundleName(slug);
  bottleDirectory(slug);
  if ((await findContainer(container)) !== undefined) {
    const args = ['logs', ...(options.follow ? ['--follow'] : []), container];
    await execa('docker', args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      reject: false,
      cancelSignal: options.signal,
    });
    return;
  }
  const directory = bottlePaths.logs(slug);
  const names = (await readdir(directory).catch(() => [])).toSorted();
  if (names.length === 0) {
    throw new BottleError('state-missing', `there is no log of the bottle ${slug}`, {
      hint: '`make status` lists bottles.',
    });
  }
  for (const name of names) process.stdout.write(`${await readFile(join(directory, name), 'utf8')}\n`);
}
