import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuration } from '../../git/configuration.ts';
import { git, gitBytes, tryGit } from '../../git/git.ts';

/** A file of a tree. `mode` and `id` as git has them. */
export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly id: string;
}

/** Runs `work` with variables that give git an index of `entries` alone; the repository's own is not touched. */
export async function withIndexOf<T>(
  directory: string,
  entries: readonly TreeEntry[],
  work: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bot-bottle-index-'));
  try {
    // A split index would be shared with the repository.
    const env = { GIT_INDEX_FILE: join(folder, 'index'), ...configuration({ 'core.splitIndex': 'false' }) };
    const input = entries.map(({ path, mode, id }) => `${mode} ${id}\t${path}\0`).join('');
    await git(directory, ['update-index', '-z', '--index-info'], { env, input });
    return await work(env);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Returns the paths at which the working tree does not have the given files. Line ends, modes and filters count as the
 * operator has configured them; what is behind a symbolic link counts as absent.
 */
export async function differing(directory: string, entries: readonly TreeEntry[]): Promise<Set<string>> {
  if (entries.length === 0) return new Set();
  return withIndexOf(directory, entries, async (env) => {
    // Fails when a file differs.
    await tryGit(directory, ['update-index', '-q', '--refresh'], { env });
    const names = await gitBytes(directory, ['diff-files', '--name-only', '-z'], { env });
    return new Set(names.toString().split('\0'));
  });
}
