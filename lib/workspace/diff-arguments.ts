import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuration } from '../git/configuration.ts';
import { git } from '../git/git.ts';

/** `git diff` that runs no program and shows every change, whatever the operator's configuration says. */
export const diffArguments: readonly string[] = [
  ...['diff', '-O/dev/null', '--no-ext-diff', '--no-textconv', '--no-color', '--no-relative'],
  ...['--submodule=short', '--ignore-submodules=none'],
];

/** A file above that is shown as a binary one. */
const CONFIG = { 'core.quotePath': 'false', 'core.bigFileThreshold': '32m' };

/**
 * Runs `work` with a directory and variables with which git finds the repository's objects and no attributes of its
 * working tree or index: an applied `.gitattributes` could otherwise hide the next changes as binary.
 */
export async function withoutAttributes<T>(
  repository: string,
  work: (directory: string, env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const gitDirectory = await git(repository, ['rev-parse', '--absolute-git-dir']);
  const empty = await mkdtemp(join(tmpdir(), 'bot-bottle-diff-'));
  try {
    const place = {
      GIT_DIR: gitDirectory,
      GIT_WORK_TREE: empty,
      GIT_INDEX_FILE: join(empty, '.no-index'),
    };
    return await work(empty, { ...place, ...configuration(CONFIG) });
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}
