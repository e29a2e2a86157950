import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Origin } from './types.ts';

/** Where manifests come from. */
export interface ManifestSources {
  /** `$BOT_BOTTLE_HOME`, or `~/.bot-bottle`. */
  readonly home: string;
  /** The operator's working directory. It may be an untrusted repository, so it can only provide agents. */
  readonly cwd: string;
  /** The kit's own example manifests. */
  readonly examples: string;
}

export type ManifestKind = 'agents' | 'bottles';

export interface ManifestFolder {
  readonly origin: Origin;
  /** Absolute path. */
  readonly folder: string;
  /**
   * Directory that must contain the folder's files after links are resolved; null if the folder does not
   * exist.
   */
  readonly bounds: string | null;
}

/** Directory below the working directory that may hold agents. */
export function projectDirectory(sources: ManifestSources): string {
  return path.resolve(sources.cwd, '.bot-bottle');
}

/**
 * Returns the folders with manifests of that kind; the first one that has a name wins: the home, then (for
 * agents only) the working directory, then the examples. A repository can therefore add agents, but can
 * neither replace the operator's agents nor add bottles.
 */
export async function foldersOf(sources: ManifestSources, kind: ManifestKind): Promise<ManifestFolder[]> {
  const home = await ownFolder('home', path.resolve(sources.home, kind));
  const examples = await ownFolder('examples', path.resolve(sources.examples, kind));
  if (kind === 'bottles' || (await isHome(sources))) return [home, examples];
  const cwd = await realPathOf(sources.cwd);
  // No part of this path may be a link that leads outside, although operators may link their own folders.
  const bounds = cwd === null ? null : path.join(cwd, '.bot-bottle');
  return [home, { origin: 'cwd', folder: path.join(projectDirectory(sources), kind), bounds }, examples];
}

/** Returns whether the working directory's `.bot-bottle` is the home itself, as when launching from `~`. */
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
