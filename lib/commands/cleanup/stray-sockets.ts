import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { socketDirectory } from '../../bottle/socket-directory.ts';
import { identifyProcess } from '../../host/process-identity.ts';
import type { Leftover } from './leftover.ts';

/** Finds directories of sockets, of whatever home, that belong to no bottle of this one and that no relay serves. */
export async function straySockets(slugs: ReadonlySet<string>): Promise<Leftover[]> {
  const known = new Set([...slugs].map(socketDirectory));
  const root = dirname(socketDirectory('x'));
  const paths = (await readdir(root).catch(() => [])).map((name) => join(root, name));
  const stray = await Promise.all(
    paths.map(async (path) => (known.has(path) || (await isServed(path)) ? [] : [path])),
  );
  return stray.flat().map((path) => ({
    what: path,
    why: 'sockets of a bottle that is gone',
    remove: () => rm(path, { recursive: true, force: true }),
  }));
}

/** The relay writes its PID when it is ready. A reused one keeps the directory until that process ends. */
async function isServed(path: string): Promise<boolean> {
  const pid = Number(await readFile(join(path, 'ready'), 'utf8').catch(() => ''));
  return Number.isInteger(pid) && pid > 0 && (await identifyProcess(pid)) !== undefined;
}
