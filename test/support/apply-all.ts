import { applyChanges } from '../../lib/commands/apply/apply.ts';
import { type Change, listChanges, shownPath } from '../../lib/workspace/changes.ts';
import { findReviewed } from '../../lib/workspace/reviewed.ts';
import { SLUG, type WorkedRepository } from './worked-repository.ts';

export async function changesOf({ directory }: WorkedRepository): Promise<Change[]> {
  return listChanges(await findReviewed(SLUG, directory));
}

/** Applies everything. @returns what was applied, what was there already, and `PATH: REASON` of what was left. */
export async function applyAll(repository: WorkedRepository) {
  const { signal } = new AbortController();
  const { applied, done, left } = await applyChanges(await changesOf(repository), signal);
  const reasons = left.map(({ change, reason }) => `${shownPath(change)}: ${reason}`);
  return { applied: applied.map(shownPath), done: done.map(shownPath), left: reasons };
}
