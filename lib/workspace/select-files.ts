import { join } from 'node:path';
import { type ByteName, pathOf, shownName } from '../git/byte-names.ts';
import { gitBytes } from '../git/git.ts';
import type { IndexEntry, WorkingTree } from '../git/working-tree.ts';
import { fileHasSecret, hasSecret, SEARCHED_BYTES } from './secret-content.ts';
import { isSecretName } from './secret-names.ts';

/** A file that does not go into the bottle, and why. */
export interface LeftOut {
  readonly path: string;
  readonly reason: 'secret' | 'name' | 'repository';
}

/** What of a working tree goes into a bottle. */
export interface Selection {
  /** The index that the copy gets. */
  readonly entries: readonly IndexEntry[];
  /** Files that the copy has as they are in its index. */
  readonly checkedOut: readonly ByteName[];
  /** Files that are sent, relative to the repository: changed or untracked ones. */
  readonly sent: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** Objects of the index that no commit may have. */
  readonly staged: readonly string[];
  /** Files with names of secrets that commits hold: they go in with the history. */
  readonly committedSecrets: readonly string[];
}

const GITLINK = '160000';
const NOTHING = '000000';
/** How many files are searched for secrets at once. */
const AT_ONCE = 8;

/** Decides what goes in. Secrets that are not part of a commit stay out, unless `takeSecrets`. */
export async function selectFiles(root: string, tree: WorkingTree, takeSecrets: boolean): Promise<Selection> {
  const leftOut: LeftOut[] = tree.nested.map((name) => ({ path: shownName(name), reason: 'repository' }));
  const candidates = [...tree.modified, ...tree.untracked];
  const isSecret = takeSecrets ? async () => false : (name: ByteName) => looksSecret(root, name);
  const secret = new Set(await filterAsync(candidates, isSecret));
  const unusable = new Set(candidates.filter((name) => pathOf(name) === undefined));
  for (const name of secret) leftOut.push({ path: shownName(name), reason: 'secret' });
  for (const name of unusable) if (!secret.has(name)) leftOut.push({ path: shownName(name), reason: 'name' });
  const stagedSecrets = takeSecrets ? new Map<ByteName, IndexEntry[]>() : await secretsInIndex(root, tree);
  for (const name of stagedSecrets.keys()) {
    if (!secret.has(name)) leftOut.push({ path: shownName(name), reason: 'secret' });
  }
  const entries = tree.entries.flatMap((entry) => (stagedSecrets.has(entry.name) ? [] : [entry]));
  for (const committed of stagedSecrets.values()) entries.push(...committed);
  // A file that stays out is as in the last commit; what else is changed is sent, not checked out.
  const changed = new Set([...tree.modified.filter((name) => !secret.has(name)), ...tree.deleted]);
  return {
    entries,
    checkedOut: entries.filter((entry) => isFile(entry) && !changed.has(entry.name)).map(({ name }) => name),
    sent: candidates
      .filter((name) => !secret.has(name) && !stagedSecrets.has(name))
      .flatMap((name) => pathOf(name) ?? []),
    leftOut,
    staged: stagedObjects(entries, tree),
    committedSecrets: committedSecrets(tree),
  };
}

const isFile = ({ stage, mode, isSkipped }: IndexEntry) => stage === '0' && mode !== GITLINK && !isSkipped;

async function looksSecret(root: string, name: ByteName): Promise<boolean> {
  const path = pathOf(name);
  if (isSecretName(shownName(name))) return true;
  return path !== undefined && (await fileHasSecret(join(root, path)));
}

/** Returns the staged files that look like secrets, with what the last commit has in their place. */
async function secretsInIndex(root: string, { staged }: WorkingTree): Promise<Map<ByteName, IndexEntry[]>> {
  const added = staged.filter(({ newMode }) => newMode !== NOTHING && newMode !== GITLINK);
  const found = await filterAsync(added, async ({ name, newOid, newMode }) => {
    if (isSecretName(shownName(name))) return true;
    if (newMode === '120000') return false;
    const content = await gitBytes(root, ['cat-file', 'blob', newOid]).catch(() => Buffer.alloc(0));
    return hasSecret(content.subarray(0, SEARCHED_BYTES));
  });
  return new Map(
    found.map(({ name, oldMode, oldOid }) => {
      const committed = { name, mode: oldMode, oid: oldOid, stage: '0', isSkipped: false };
      return [name, oldMode === NOTHING ? [] : [committed]];
    }),
  );
}

function stagedObjects(entries: readonly IndexEntry[], { staged }: WorkingTree): string[] {
  const names = new Set(staged.map(({ name }) => name));
  const isStaged = ({ name, stage, mode }: IndexEntry) =>
    mode !== GITLINK && (stage !== '0' || names.has(name));
  return entries.filter(isStaged).map(({ oid }) => oid);
}

function committedSecrets({ entries, staged }: WorkingTree): string[] {
  const added = new Set(staged.filter(({ oldMode }) => oldMode === NOTHING).map(({ name }) => name));
  const names = entries
    .filter(({ name, stage }) => stage === '0' && !added.has(name))
    .map(({ name }) => shownName(name));
  return names.filter(isSecretName);
}

async function filterAsync<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept: boolean[] = new Array(items.length).fill(false);
  let next = 0;
  const work = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) kept[at] = await keep(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return items.filter((_, index) => kept[index]);
}
