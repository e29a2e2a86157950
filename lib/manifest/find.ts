import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import { isManifestName } from './name.ts';
import type { ManifestFile, Origin } from './types.ts';

/** Where manifests come from; the home wins over the examples, file by file. */
export interface ManifestSources {
  /** `$BOT_BOTTLE_HOME`, or `~/.bot-bottle`. */
  readonly home: string;
  /** The kit's own example manifests. */
  readonly examples: string;
}

export type ManifestKind = 'agents' | 'bottles';

const SUFFIX = '.md';

function foldersOf(sources: ManifestSources, kind: ManifestKind): { origin: Origin; folder: string }[] {
  return [
    { origin: 'home', folder: path.resolve(sources.home, kind) },
    { origin: 'examples', folder: path.resolve(sources.examples, kind) },
  ];
}

/** The file that defines `name`, or nothing. A name that breaks the rule never becomes a path. */
export async function findManifest(
  sources: ManifestSources,
  kind: ManifestKind,
  name: string,
): Promise<ManifestFile | undefined> {
  if (!isManifestName(name)) return undefined;
  for (const { origin, folder } of foldersOf(sources, kind)) {
    const file = path.join(folder, name + SUFFIX);
    // Whatever is there counts, a broken link too: falling through to an example would hide it.
    const exists = await lstat(file).then(
      () => true,
      () => false,
    );
    if (exists) return { name, file, origin };
  }
  return undefined;
}

/** All of one kind, by name; files whose name breaks the rule are left out. */
export async function listManifests(sources: ManifestSources, kind: ManifestKind): Promise<ManifestFile[]> {
  const found = new Map<string, ManifestFile>();
  for (const { origin, folder } of foldersOf(sources, kind)) {
    for (const entry of await namesIn(folder)) {
      const name = entry.slice(0, -SUFFIX.length);
      if (!entry.endsWith(SUFFIX) || !isManifestName(name) || found.has(name)) continue;
      found.set(name, { name, file: path.join(folder, entry), origin });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function namesIn(folder: string): Promise<string[]> {
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
