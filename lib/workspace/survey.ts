import { join } from 'node:path';
import { tryGit } from '../git/git.ts';
import { listSubmodules, type Repository, readRepository } from '../git/repository.ts';
import { readWorkingTree } from '../git/working-tree.ts';
import { type Selection, selectFiles } from './select-files.ts';

export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** A repository that goes into a bottle: the one that was asked for, or a submodule. */
export interface SurveyedRepository {
  /** Relative to the outermost repository; empty for that one. */
  readonly path: string;
  readonly repository: Repository;
  readonly selection: Selection;
  /** Its own submodules that go in too, as paths in it. */
  readonly submodules: readonly string[];
  /** Files of the index that differ in the working tree or from HEAD. */
  readonly changed: number;
  readonly untracked: number;
}

/**
 * Looks at a repository and its submodules, and decides what of them goes into a bottle.
 * @throws BottleError `git-failed`
 */
export async function surveyRepositories(
  root: string,
  takeSecrets: boolean,
  path = '',
): Promise<SurveyedRepository[]> {
  const repository = await readRepository(root);
  const tree = await readWorkingTree(root, repository.head);
  const selection = await selectFiles(root, tree, takeSecrets);
  const changed = new Set([...tree.modified, ...tree.deleted, ...tree.staged.map(({ name }) => name)]).size;
  const submodules = await listSubmodules(root);
  const own = { path, repository, selection, submodules, changed, untracked: tree.untracked.length };
  const within: SurveyedRepository[] = [];
  for (const submodule of submodules) {
    within.push(...(await surveyRepositories(join(root, submodule), takeSecrets, join(path, submodule))));
  }
  return [own, ...within];
}

/** Returns the name and address with which the person commits here; without them, ones that say who it was. */
export async function readIdentity(root: string): Promise<Identity> {
  const [name, email] = await Promise.all(
    ['user.name', 'user.email'].map(async (key) => {
      const { exitCode, stdout } = await tryGit(root, ['config', '--get', key]);
      return exitCode === 0 ? stdout.toString().trim() : '';
    }),
  );
  return { name: name || 'Agent', email: email || 'agent@localhost' };
}

/** Bytes of the repository's objects on disk: about what is sent for it. */
export async function objectBytes(root: string): Promise<number> {
  const { stdout } = await tryGit(root, ['count-objects', '-v']);
  const kibibytes = [...stdout.toString().matchAll(/^size(?:-pack)?: (\d+)$/gm)].map(([, size]) =>
    Number(size),
  );
  return kibibytes.reduce((sum, size) => sum + size * 1024, 0);
}
