import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import {
  foldersOf,
  type ManifestFolder,
  type ManifestKind,
  type ManifestSources,
} from './manifest-folders.ts';
import { isManifestName } from './name.ts';
import { manifestInvalid } from './reading/problem.ts';
import type { ManifestFile } from './types.ts';

export type { ManifestKind, ManifestSources } from './manifest-folders.ts';

export const SUFFIX = '.md';

/**
 * The file that defines `name`, or nothing. A name that breaks the rule never becomes a path.
 * @throws BottleError `manifest-invalid` when it is a link that leads out of its folder.
 */
export async function findManifest(
  sources: ManifestSources,
  kind: ManifestKind,
  name: string,
): Promise<ManifestFile | undefined> {
  if (!isManifestName(name)) return undefined;
  for (const place of await foldersOf(sources, kind)) {
    const file = path.join(place.folder, name + SUFFIX);
    // Whatever is there counts, a broken link too: falling through to an example would hide it.
    const exists = await lstat(file).then(
      () => true,
      () => false,
    );
    if (!exists) continue;
    await assertInside(file, place);
    return { name, file, origin: place.origin };
  }
  return undefined;
}

/** A repository could otherwise show any file of the operator to the agent, as its prompt. */
async function assertInside(file: string, { folder, bounds }: ManifestFolder): Promise<void> {
  const real = await realpath(file).catch(() => undefined);
  // A broken link: reading it says what is wrong.
  if (real === undefined) return;
  if (bounds !== null && real.startsWith(bounds + path.sep)) return;
  const message = `is reached by a link that leads out of ${folder}`;
  const problem = { path: '', line: 1, column: 1, message, remedy: 'Put the file itself in its place.' };
  throw manifestInvalid({ file, lines: [] }, [problem]);
}

/** All of one kind, by name; files whose name breaks the rule are left out. */
export async function listManifests(sources: ManifestSources, kind: ManifestKind): Promise<ManifestFile[]> {
  const found = new Map<string, ManifestFile>();
  for (const { origin, folder } of await foldersOf(sources, kind)) {
    // A repository must not be able to take the operator's own agents off the list.
    const entries = await namesIn(folder).catch((error: unknown) => {
      if (origin === 'cwd') return [];
      throw error;
    });
    for (const entry of entries) {
      const name = entry.slice(0, -SUFFIX.length);
      if (!entry.endsWith(SUFFIX) || !isManifestName(name) || found.has(name)) continue;
      found.set(name, { name, file: path.join(folder, entry), origin });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of a folder's files, none when it does not exist. @throws BottleError `manifest-invalid` */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new BottleError('manifest-invalid', `cannot list ${folder}: ${messageOf(error)}`, {
      hint: `Make ${folder} a directory that you may read.`,
      cause: error,
    });
  }
}
