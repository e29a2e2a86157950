import { lstat, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isMissing } from '../host/files.ts';
import { type ByteName, pathOf } from './byte-names.ts';
import { git, gitBytes, tryGit } from './git.ts';

export interface GitRef {
  readonly oid: string;
  /** Such as `refs/heads/main`. */
  readonly name: string;
}

export interface GitRemote {
  readonly name: string;
  readonly url: string;
}

/** What there is to know of a repository without its index and files. */
export interface Repository {
  /** The top directory of its working tree. */
  readonly root: string;
  readonly objectFormat: 'sha1' | 'sha256';
  /** The branch that is checked out, such as `refs/heads/main`, even if it has no commit yet; undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** The commit that is checked out; undefined in a repository without one. */
  readonly head: string | undefined;
  /** Branches and tags. */
  readonly refs: readonly GitRef[];
  /** Commits whose parents are missing, since the clone is shallow. */
  readonly shallow: readonly string[];
  readonly remotes: readonly GitRemote[];
  /** Patterns of ignored files outside `.gitignore`: the repository's own and the person's. */
  readonly excludes: string;
}

/** Returns the top of the working tree that holds a directory; undefined when there is none. */
export async function findRepositoryRoot(directory: string): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(directory, ['rev-parse', '--show-toplevel']);
  const root = stdout.toString().replace(/\n$/, '');
  return exitCode === 0 && root !== '' ? root : undefined;
}

/**
 * Whether a directory is the top of a working tree. git answers for a directory without a repository of its own, such as a
 * submodule that was removed, with the one around it.
 */
export async function isRepositoryRoot(directory: string): Promise<boolean> {
  const root = await findRepositoryRoot(directory);
  return root !== undefined && root === (await realpath(directory));
}

/** @throws BottleError `git-failed` */
export async function readRepository(root: string): Promise<Repository> {
  const [format, branch, head, refs, shallow, remotes, excludes] = await Promise.all([
    git(root, ['rev-parse', '--show-object-format']),
    lineOf(root, ['symbolic-ref', '--quiet', 'HEAD']),
    lineOf(root, ['rev-parse', '--quiet', '--verify', 'HEAD^{commit}']),
    readRefs(root, ['refs/heads', 'refs/tags']),
    gitFile(root, 'shallow'),
    readRemotes(root),
    readExcludes(root),
  ]);
  return {
    root,
    objectFormat: format === 'sha256' ? 'sha256' : 'sha1',
    ...{ branch, head, refs, remotes, excludes },
    shallow: shallow.split('\n').filter((line) => line !== ''),
  };
}

/** Lists refs below the prefixes. */
export async function readRefs(root: string, prefixes: readonly string[]): Promise<GitRef[]> {
  const listed = await git(root, ['for-each-ref', '--format=%(objectname) %(refname)', ...prefixes]);
  return listed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return { oid: line.slice(0, space), name: line.slice(space + 1) };
    });
}

/** Lists the submodules that are checked out, as their directories relative to `root`. */
export async function listSubmodules(root: string): Promise<string[]> {
  const entries = (await gitBytes(root, ['ls-files', '--stage', '-z'])).toString('latin1').split('\0');
  const names = entries.flatMap((entry): ByteName[] => {
    return entry.startsWith('160000 ') ? [entry.slice(entry.indexOf('\t') + 1)] : [];
  });
  const paths = [...new Set(names)].flatMap((name) => pathOf(name) ?? []);
  const present = await Promise.all(paths.map((path) => exists(join(root, path, '.git'))));
  return paths.filter((_, index) => present[index]);
}

/** Returns the path of a file of the repository itself, such as `objects`, wherever a worktree keeps it. */
export async function gitPath(root: string, name: string): Promise<string> {
  return resolve(root, await git(root, ['rev-parse', '--git-path', name]));
}

async function readRemotes(root: string): Promise<GitRemote[]> {
  const { stdout } = await tryGit(root, ['config', '--null', '--get-regexp', '^remote\\..*\\.url$']);
  const entries = stdout
    .toString()
    .split('\0')
    .filter((entry) => entry !== '');
  return entries.map((entry) => {
    const [key = '', ...url] = entry.split('\n');
    return { name: key.slice('remote.'.length, -'.url'.length), url: url.join('\n') };
  });
}

async function readExcludes(root: string): Promise<string> {
  const configured = await lineOf(root, ['config', '--type=path', '--get', 'core.excludesFile']);
  const configHome = process.env.XDG_CONFIG_HOME || join(process.env.HOME ?? '', '.config');
  const global = await readText(configured ?? join(configHome, 'git', 'ignore'));
  const own = await gitFile(root, 'info/exclude');
  return [global, own].filter((text) => text.trim() !== '').join('\n');
}

async function gitFile(root: string, name: string): Promise<string> {
  return readText(await gitPath(root, name));
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
}

async function lineOf(root: string, args: readonly string[]): Promise<string | undefined> {
  const { exitCode, stdout } = await tryGit(root, args);
  const line = stdout.toString().trim();
  return exitCode === 0 && line !== '' ? line : undefined;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
