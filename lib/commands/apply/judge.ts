import { tryGit } from '../../git/git.ts';
import { visibleName } from '../../host/visible.ts';
import { type Change, isSubmodule } from '../../workspace/changes.ts';
import { pathProblem } from '../../workspace/safe-path.ts';
import { differing, type TreeEntry } from './differing.ts';
import { becomesEmpty, type Found, lookAt } from './on-the-way.ts';

/** What may happen to a change. */
export interface Judged {
  readonly change: Change;
  /** `ready` to be applied; already `done`; `left` as it is, for `reason`; a `submodule`'s commit is no file. */
  readonly state: 'ready' | 'done' | 'left' | 'submodule';
  readonly reason?: string;
}

/** Says of each change whether it can be applied without touching anything of the operator's own. Writes nothing. */
export async function judge(changes: readonly Change[]): Promise<Judged[]> {
  const judged = new Map<Change, Judged>();
  for (const directory of new Set(changes.map((change) => change.in.directory))) {
    const own = changes.filter((change) => change.in.directory === directory);
    for (const one of await judgeIn(directory, own)) judged.set(one.change, one);
  }
  return changes.flatMap((change) => judged.get(change) ?? []);
}

async function judgeIn(directory: string, changes: readonly Change[]): Promise<Judged[]> {
  const refused = await refusals(directory, changes);
  const files = changes.filter((change) => !refused.has(change));
  const tree = {
    directory,
    unlikeBase: await differing(directory, entries(files, 'old')),
    unlikeResult: await differing(directory, entries(files, 'new')),
    going: new Set<string>(),
  };
  // Deletions go first: they may make room for a folder in a file's place, or a file in a folder's.
  const judged: Judged[] = [...refused.values()];
  const deletions = files.filter(({ status }) => status === 'deleted');
  for (const one of await Promise.all(deletions.map((change) => judgeDeletion(tree, change)))) {
    if (one.state === 'ready') tree.going.add(one.change.path);
    judged.push(one);
  }
  const others = files.filter(({ status }) => status !== 'deleted');
  judged.push(...(await Promise.all(others.map((change) => judgeFile(tree, change)))));
  return judged;
}

interface WorkingTree {
  readonly directory: string;
  /** Paths at which the working tree has not what went in; and not what came back. */
  readonly unlikeBase: ReadonlySet<string>;
  readonly unlikeResult: ReadonlySet<string>;
  /** Files that will be deleted. */
  readonly going: Set<string>;
}

async function judgeDeletion({ directory, unlikeBase }: WorkingTree, change: Change): Promise<Judged> {
  const found = await lookAt(directory, change.path);
  if (found.kind === 'blocked' && found.by === 'repository') return left(change, blockedReason(found));
  if (found.kind === 'nothing' || found.kind === 'blocked') return { change, state: 'done' };
  return unlikeBase.has(change.path) ? left(change, 'you have changed it') : { change, state: 'ready' };
}

async function judgeFile(tree: WorkingTree, change: Change): Promise<Judged> {
  const found = await lookAt(tree.directory, change.path);
  if (found.kind === 'blocked') {
    const makesRoom = change.status === 'added' && found.by !== 'repository' && tree.going.has(found.at);
    return makesRoom ? { change, state: 'ready' } : left(change, blockedReason(found));
  }
  if (!tree.unlikeResult.has(change.path)) return { change, state: 'done' };
  if (change.status !== 'added') {
    if (!tree.unlikeBase.has(change.path)) return { change, state: 'ready' };
    return left(change, found.kind === 'nothing' ? 'you have deleted it' : 'you have changed it');
  }
  if (found.kind === 'nothing') return { change, state: 'ready' };
  const isRoom =
    found.kind === 'folder' &&
    (await becomesEmpty(tree.directory, change.path, (path) => tree.going.has(path)));
  return isRoom ? { change, state: 'ready' } : left(change, `a ${found.kind} of yours is in the way`);
}

/** The changes that no state of the working tree makes possible. */
async function refusals(directory: string, changes: readonly Change[]): Promise<Map<Change, Judged>> {
  const ignoresCase = await tryGit(directory, ['config', '--type=bool', '--get', 'core.ignoreCase']);
  const folds = ignoresCase.stdout.toString().trim() === 'true';
  const refused = new Map<Change, Judged>();
  const names = new Map<string, string>();
  for (const change of changes) {
    const problem = pathProblem(change.path, change.newMode);
    if (isSubmodule(change)) refused.set(change, { change, state: 'submodule' });
    else if (problem !== undefined) refused.set(change, left(change, problem));
    else if (folds && change.newMode !== '000000') {
      const folded = change.path.normalize('NFC').toLowerCase();
      const other = names.get(folded);
      if (other === undefined) names.set(folded, change.path);
      else refused.set(change, left(change, `only case tells it from ${visibleName(other)}`));
    }
  }
  return refused;
}

function blockedReason({ by, at }: Extract<Found, { kind: 'blocked' }>): string {
  const name = visibleName(at);
  if (by === 'symlink') return `its folder ${name} is a symbolic link`;
  return by === 'file' ? `${name} is a file, not a folder` : `${name} is another repository`;
}

function left(change: Change, reason: string): Judged {
  return { change, state: 'left', reason };
}

function entries(changes: readonly Change[], side: 'old' | 'new'): TreeEntry[] {
  return changes.flatMap(({ path, oldMode, newMode, oldId, newId }) => {
    const [mode, id] = side === 'old' ? [oldMode, oldId] : [newMode, newId];
    return mode === '000000' ? [] : [{ path, mode, id }];
  });
}
