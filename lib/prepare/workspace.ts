import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { sep } from 'node:path';
import { BottleError } from '../errors.ts';
import { findRepositoryRoot } from '../git/repository.ts';
import { homeDirectory, KIT_DIRECTORY } from '../host/directories.ts';
import { shortPath } from '../host/short-path.ts';
import { sizeText } from '../host/size.ts';
import type { PlanWorkspace, WorkspaceChoice } from '../plan/workspace.ts';
import { surveyFolder } from '../workspace/folder.ts';
import { surveyRepositories } from '../workspace/survey.ts';

/**
 * Resolves what a bottle gets a copy of: the repository that holds `cwd`, else that folder.
 * @throws BottleError `usage` for a directory that is never copied, or is too large; `git-failed`
 */
export async function resolveWorkspace(cwd: string, choice: WorkspaceChoice): Promise<PlanWorkspace> {
  const { takeSecrets, maxBytes } = choice;
  const repository = await findRepositoryRoot(cwd).catch(() => undefined);
  const root = repository ?? (await realpath(cwd));
  const reason = await reasonNotToCopy(root);
  if (reason !== undefined) {
    throw new BottleError('usage', `${shortPath(root)} is never copied into a bottle: ${reason}`, {
      hint: 'Change to the project that the agent is to work on, or launch with CWD=0.',
    });
  }
  if (repository !== undefined) return describeRepository(repository, takeSecrets);
  const { files, bytes, leftOut } = await surveyFolder(root, takeSecrets);
  if (bytes <= maxBytes) return { kind: 'folder', root, takeSecrets, leftOut: [...leftOut], files, bytes };
  throw new BottleError(
    'usage',
    `${shortPath(root)} has ${sizeText(bytes)}, more than the ${sizeText(maxBytes)} that are copied`,
    { hint: `Allow more with CWD_MAX_SIZE=${Math.ceil(bytes / 1024 ** 3)}G, or launch with CWD=0.` },
  );
}

/** Says why a directory is never copied: it would take the operator's own secrets along, or the kit's. */
export async function reasonNotToCopy(root: string): Promise<string | undefined> {
  const holds = async (path: string) => {
    const real = await realpath(path).catch(() => path);
    return real === root || real.startsWith(root === sep ? sep : root + sep);
  };
  if (root === (await realpath(KIT_DIRECTORY))) return 'it is the kit’s own checkout';
  if (await holds(homedir())) return 'it holds your home directory';
  if (await holds(homeDirectory())) return `it holds the kit’s own state, ${shortPath(homeDirectory())}`;
  return undefined;
}

async function describeRepository(root: string, takeSecrets: boolean): Promise<PlanWorkspace> {
  const surveyed = await surveyRepositories(root, takeSecrets);
  const within = (path: string) => (file: string) => (path === '' ? file : `${path}/${file}`);
  return {
    kind: 'repository',
    root,
    takeSecrets,
    branch: surveyed[0]?.repository.branch?.replace('refs/heads/', '') ?? '',
    changed: surveyed.reduce((sum, { changed }) => sum + changed, 0),
    untracked: surveyed.reduce((sum, { untracked }) => sum + untracked, 0),
    submodules: surveyed.flatMap(({ path }) => (path === '' ? [] : [path])),
    leftOut: surveyed.flatMap(({ path, selection }) => {
      return selection.leftOut.map((file) => ({ ...file, path: within(path)(file.path) }));
    }),
    committedSecrets: surveyed.flatMap(({ path, selection }) => selection.committedSecrets.map(within(path))),
  };
}
