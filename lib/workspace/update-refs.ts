import { bottleRef } from '../git/bottle-refs.ts';
import { git, tryGit } from '../git/git.ts';

/** A ref of the host that a fetch has changed. */
export interface FetchedRef {
  /** Name below `refs/bottles/<slug>/`. */
  readonly name: string;
  /** Undefined for one that was removed. */
  readonly oid: string | undefined;
  /** Undefined for a new one. */
  readonly old: string | undefined;
}

/**
 * Makes a bottle's refs those that are wanted, in one transaction unless a name is in the way of another. A commit that an earlier fetch has brought stays
 * reachable, as `gone/<id>`, when the guest's branch no longer leads to it.
 * @param known the bottle's refs of today: full name -> object.
 * @throws BottleError `git-failed`
 */
export async function updateBottleRefs(
  root: string,
  slug: string,
  wanted: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, string>,
): Promise<FetchedRef[]> {
  const changes = new Map<string, FetchedRef>();
  const change = (name: string, oid: string | undefined) => {
    const old = known.get(bottleRef(slug, name));
    if (old !== oid) changes.set(name, { name, oid, old });
  };
  for (const [name, oid] of wanted) {
    const old = known.get(bottleRef(slug, name));
    if (old !== undefined && old !== oid && isBranch(name) && !(await leadsTo(root, oid, old)))
      change(goneName(old), old);
    change(name, oid);
  }
  for (const [full, oid] of known) {
    const name = full.slice(bottleRef(slug, '').length);
    if (wanted.has(name) || name.startsWith('gone/')) continue;
    // A branch that is gone in the guest stays here, unless its name is in the way of another's.
    if (isBranch(name) && !isInTheWay(name, wanted)) continue;
    change(name, undefined);
    if (isBranch(name)) change(goneName(oid), oid);
  }
  const zero = '0'.repeat([...wanted.values(), ...known.values()][0]?.length ?? 40);
  const commandOf = ({ name, oid, old = zero }: FetchedRef) =>
    oid === undefined
      ? `delete ${bottleRef(slug, name)} ${old}`
      : `update ${bottleRef(slug, name)} ${oid} ${old}`;
  const all = [...changes.values()];
  const isFirst = ({ name }: FetchedRef) => name.startsWith('gone/');
  // git cannot make `x/y` in the transaction that removes `x`. What keeps commits reachable comes before all else.
  const makesRoom = ({ name, oid }: FetchedRef) => oid === undefined && isBranch(name);
  await transact(root, all.filter(isFirst).map(commandOf));
  await transact(root, all.filter(makesRoom).map(commandOf));
  await transact(root, all.filter((one) => !isFirst(one) && !makesRoom(one)).map(commandOf));
  return [...changes.values()];
}

const isBranch = (name: string) => /^(?:heads\/|tags\/|stash$)/.test(name);

const goneName = (oid: string) => `gone/${oid.slice(0, 12)}`;

function isInTheWay(name: string, wanted: ReadonlyMap<string, string>): boolean {
  return [...wanted.keys()].some((other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`));
}

async function leadsTo(root: string, tip: string, commit: string): Promise<boolean> {
  return (await tryGit(root, ['merge-base', '--is-ancestor', commit, tip])).exitCode === 0;
}

async function transact(root: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const input = `${lines.join('\n')}\n`;
  await git(root, ['update-ref', '--create-reflog', '-m', 'make fetch', '--stdin'], { input });
}
