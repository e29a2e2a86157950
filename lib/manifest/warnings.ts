import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../errors.ts';
import { printable } from '../host/printable.ts';
import { namesIn, SUFFIX } from './find.ts';
import {
  foldersOf,
  isHome,
  type ManifestFolder,
  type ManifestSources,
  projectDirectory,
} from './manifest-folders.ts';
import { isManifestName, NAME_RULE } from './name.ts';

/** Warnings shown; the rest is only counted. */
const MAX_WARNINGS = 10;

/** Returns a sentence for each ignored file in the folders for manifests. Never throws. */
export async function manifestWarnings(sources: ManifestSources): Promise<string[]> {
  const agents = await foldersOf(sources, 'agents');
  const bottles = await foldersOf(sources, 'bottles');
  const all = [...(await projectBottles(sources)), ...(await shadowed(agents))];
  for (const place of [...agents, ...bottles]) all.push(...(await skipped(place)));
  const rest = all.length - MAX_WARNINGS;
  return rest > 0 ? [...all.slice(0, MAX_WARNINGS), `… and ${rest} more warnings`] : all;
}

async function projectBottles(sources: ManifestSources): Promise<string[]> {
  if (await isHome(sources)) return [];
  const folder = path.join(projectDirectory(sources), 'bottles');
  const exists = await lstat(folder).catch(() => undefined);
  if (exists === undefined) return [];
  const home = path.join(sources.home, 'bottles');
  return [
    `${folder} is ignored: bottles are only read from ${home}, so no repository can grant itself access`,
  ];
}

/** Agents of the working directory that have the same name as one of the operator's. */
async function shadowed(places: readonly ManifestFolder[]): Promise<string[]> {
  const [home, project] = ['home', 'cwd'].map((origin) => places.find((place) => place.origin === origin));
  if (home === undefined || project === undefined) return [];
  const own = new Set(await listable(home.folder));
  const both = (await listable(project.folder)).filter((entry) => isManifest(entry) && own.has(entry));
  return both.map(
    (entry) =>
      `${path.join(project.folder, entry)} is not used: ${path.join(home.folder, entry)} has the same name`,
  );
}

async function skipped({ folder, origin }: ManifestFolder): Promise<string[]> {
  try {
    const entries = (await namesIn(folder)).toSorted();
    return entries
      .filter((entry) => entry.endsWith(SUFFIX) && !isManifest(entry))
      .map((entry) => `${path.join(folder, printable(entry))} is skipped: ${NAME_RULE}`);
  } catch (error) {
    // If the operator's own folder cannot be listed, loading the requested manifest reports it.
    return origin === 'cwd' ? [printable(messageOf(error))] : [];
  }
}

function isManifest(entry: string): boolean {
  return entry.endsWith(SUFFIX) && isManifestName(entry.slice(0, -SUFFIX.length));
}

async function listable(folder: string): Promise<string[]> {
  return (await namesIn(folder).catch(() => [])).toSorted();
}
