import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Origin } from './types.ts';

/** Where manifests come from. */
export interface ManifestSources {
  /** `$BOT_BOTTLE_HOME`, or `~/.bot-bottle`. */
  readonly home: string;
  /** The operator's working directory, perhaps a repository that nobody vouches for: it has agents at most. */
  readonly cwd: string;
  /** The kit's own example manifests. */
  readonly examples: string;
}

export type ManifestKind = 'agents' | 'bottles';

export interface ManifestFolder {
  readonly origin: Origin;
  /** Absolute path. */
  readonly folder: string;
  /** What the folder's files must lie in once links are followed; null when the folder does not exist. */
  readonly bounds: string | null;
}

/** Directory of a working directory that may hold agents. */
export function projectDirectory(sources: ManifestSources): string {
  return path.resolve(sources.cwd, '.bot-bottle');
}

/**
 * Where manifests of that kind are, the first that has a name wins: the home, then (agents alone) the working
 * directory, then the examples. So a repository can add agents, yet neither replace one of the operator's nor
 * bring a bottle.
 */
export async function foldersOf(sources: ManifestSources, kind: ManifestKind): Promise<ManifestFolder[]> {
  const home = await ownFolder('home', path.resolve(sources.home, kind));
  const examples = await ownFolder('examples', path.resolve(sources.examples, kind));
  if (kind === 'bottles' || (await isHome(sources))) return [home, examples];
  const cwd = await realPathOf(sources.cwd);
  // Here no part of the path may be a link that leads out, whereas an operator may link their own folders.
  const bounds = cwd === null ? null : path.join(cwd, '.bot-bottle');
  return [home, { origin: 'cwd', folder: path.join(projectDirectory(sources), kind), bounds }, examples];
}

/** True where the working directory's `.bot-bottle` is the home itself: someone launches from `~`. */
export async function isHome(sources: ManifestSources): Promise<boolean> {
  const project = await realPathOf(projectDirectory(sources));
  return project !== null && project === (await realPathOf(sources.home));
}

async function ownFolder(origin: Origin, folder: string): Promise<ManifestFolder> {
  return { origin, folder, bounds: await realPathOf(folder) };
}

async function realPathOf(file: string): Promise<string | null> {
  return realpath(file).catch(() => null);
}
