import { join } from 'node:path';
import { readMetadata } from '../bottle/metadata.ts';
import { assertSlug } from '../bottle/slug.ts';
import { BottleError } from '../errors.ts';
import { bottleRef, bottleRefs } from '../git/bottle-refs.ts';
import { git, tryGit } from '../git/git.ts';
import { isRepositoryRoot, listSubmodules } from '../git/repository.ts';
import { hasSymlinkAbove } from './safe-path.ts';

/** One repository of the host with the work of a bottle. */
export interface Reviewed {
  /** The working tree's root, absolute. */
  readonly directory: string;
  /** What its paths begin with for the operator: nothing, or the submodule's path and `/`. */
  readonly prefix: string;
  /** Commits: what went in, and what came back. */
  readonly base: string;
  readonly result: string;
  /** Whether nothing recorded what went in, so that `base` is where the work and the host's HEAD part. */
  readonly baseIsGuess: boolean;
  /** The bottle's branches, sorted. */
  readonly branches: readonly string[];
}

export type ReviewedSet = readonly [Reviewed, ...Reviewed[]];

/**
 * Finds the repository with the work of a bottle, then its submodules that have some too. It is where the bottle was
 * launched; when the bottle's state is gone, `directory`'s.
 * @throws BottleError `usage` when no work has been fetched, `git-failed`
 */
export async function findReviewed(slug: string, directory = process.cwd()): Promise<ReviewedSet> {
  assertSlug(slug);
  const launched = (await readMetadata(slug))?.cwd;
  const place = launched === undefined || launched === '' ? directory : launched;
  const root = await tryGit(place, ['rev-parse', '--show-toplevel']);
  if (root.exitCode !== 0) {
    throw new BottleError('usage', `${place} is in no git repository with the work of ${slug}`, {
      hint: 'Run this in the repository where the bottle was launched. `make cp` copies from a bottle without git.',
    });
  }
  const top = root.stdout.toString().replace(/\n$/, '');
  const first = await reviewedAt(top, '', slug);
  if (first === undefined) {
    throw new BottleError('usage', `${top} has no work of the bottle ${slug}`, {
      hint: `Run \`make fetch BOTTLE=${slug}\` while the bottle is up.`,
    });
  }
  return [first, ...(await submodulesOf(first, slug))];
}

async function submodulesOf(parent: Reviewed, slug: string): Promise<Reviewed[]> {
  const found: Reviewed[] = [];
  for (const path of await listSubmodules(parent.directory)) {
    if (await hasSymlinkAbove(parent.directory, `${path}/.git`)) continue;
    const directory = join(parent.directory, path);
    if (!(await isRepositoryRoot(directory))) continue;
    const one = await reviewedAt(directory, `${parent.prefix}${path}/`, slug);
    if (one !== undefined) found.push(one, ...(await submodulesOf(one, slug)));
  }
  return found;
}

async function reviewedAt(directory: string, prefix: string, slug: string): Promise<Reviewed | undefined> {
  const commitOf = async (name: string) => {
    const found = await tryGit(directory, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
    return found.exitCode === 0 ? found.stdout.toString().trim() : undefined;
  };
  const result = (await commitOf(bottleRef(slug, 'wip'))) ?? (await commitOf(bottleRef(slug, 'HEAD')));
  if (result === undefined) return undefined;
  const recorded = await commitOf(bottleRef(slug, 'base'));
  const base = recorded ?? (await mergeBase(directory, result, slug));
  const heads = `${bottleRefs(slug)}heads/`;
  const branches = await git(directory, ['for-each-ref', '--format=%(refname)', heads]);
  return {
    ...{ directory, prefix, base, result, baseIsGuess: recorded === undefined },
    branches: branches.split('\n').flatMap((ref) => (ref === '' ? [] : [ref.slice(heads.length)])),
  };
}

async function mergeBase(directory: string, result: string, slug: string): Promise<string> {
  const found = await tryGit(directory, ['merge-base', 'HEAD', result]);
  if (found.exitCode === 0) return found.stdout.toString().trim();
  throw new BottleError('git-failed', `${directory} does not say what went into the bottle ${slug}`, {
    hint: `Its work shares no commit with HEAD. Look at it with \`git log ${bottleRef(slug, 'HEAD')}\`.`,
  });
}
