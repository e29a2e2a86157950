/**
 * Where a bottle's work is in a repository of the host, below `refs/bottles/<slug>/`:
 *
 * - `base`: a commit with exactly the files that went into the bottle
 * - `heads/*`, `tags/*`, `stash`: what the bottle's repository has under these names
 * - `HEAD`: the commit that is checked out there; absent while there is none
 * - `wip`: a commit on top of HEAD with the uncommitted changes; absent when there are none
 *
 * None is symbolic. `wip`, else `HEAD`, has the bottle's files as they were fetched last.
 */
export function bottleRefs(slug: string): string {
  return `refs/bottles/${slug}/`;
}

export function bottleRef(slug: string, name: string): string {
  return bottleRefs(slug) + name;
}
