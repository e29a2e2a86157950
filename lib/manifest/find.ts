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
 * Finds the file that defines `name`. An invalid name never becomes a path.
 * @throws BottleError `manifest-invalid` when the file is a link that leads outside its folder.
 */
export async function findManifest(
  sources: ManifestSources,
  kind: ManifestKind,
  name: string,
): Promise<ManifestFile | undefined> {
  if (!isManifestName(name)) return undefined;
  for (const place of await foldersOf(sources, kind)) {
    const file = path.join(place.folder, name + SUFFIX);
    // Anything at this path counts, even a broken link: falling back to an example would hide it.
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

/** Otherwise a repository could show the agent any of the operator's files, as its prompt. */
async function assertInside(file: string, { folder, bounds }: ManifestFolder): Promise<void> {
  const real = await realpath(file).catch(() => undefined);
  // A broken link: reading it reports the problem.
  if (real === undefined) return;
  if (bounds !== null && real.startsWith(bounds + path.sep)) return;
  const message = `is reached through a link that leads outside ${folder}`;
  const problem = { path: '', line: 1, column: 1, message, remedy: 'Replace the link with the file itself.' };
  throw manifestInvalid({ file, lines: [] }, [problem]);
}

/** Lists all manifests of one kind, sorted by name. Files with invalid names are left out. */
export async function listManifests(sources: ManifestSources, kind: ManifestKind): Promise<ManifestFile[]> {
  const found = new Map<string, ManifestFile>();
  for (const { origin, folder } of await foldersOf(sources, kind)) {
    // A repository must not be able to hide the operator's own agents.
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

/** Lists the file names in a folder, none if it does not exist. @throws BottleError `manifest-invalid` */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new BottleError('manifest-invalid', `cannot list ${folder}: ${messageOf(error)}`, {
      hint: `Make ${folder} a directory that you can read.`,
      cause: error,
    });
  }
}
