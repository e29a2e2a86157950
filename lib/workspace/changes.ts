import { matchesGlob, posix } from 'node:path';
import { BottleError } from '../errors.ts';
import { gitBytes } from '../git/git.ts';
import { diffArguments, withoutAttributes } from './diff-arguments.ts';
import type { Reviewed, ReviewedSet } from './reviewed.ts';

/** A file that differs between what went into a bottle and what came back. */
export interface Change {
  readonly in: Reviewed;
  /** From the root of its repository. Bytes that are not UTF-8 are replaced, see `pathProblem`. */
  readonly path: string;
  readonly status: 'added' | 'deleted' | 'modified' | 'type-changed';
  /** git's modes, such as `100644`; `000000` when absent. */
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldId: string;
  readonly newId: string;
  /** Lines; undefined for a binary file. */
  readonly added: number | undefined;
  readonly deleted: number | undefined;
}

const STATUS = { A: 'added', D: 'deleted', M: 'modified', T: 'type-changed' } as const;
const SUBMODULE = '160000';

/** Returns a change's path as the operator knows it. */
export function shownPath(change: Change): string {
  return change.in.prefix + change.path;
}

/** Whether a change is about a submodule's commit, not a file. */
export function isSubmodule({ oldMode, newMode }: Change): boolean {
  return oldMode === SUBMODULE || newMode === SUBMODULE;
}

/** Returns what differs in all repositories, in git's order. @throws BottleError `git-failed` */
export async function listChanges(repositories: ReviewedSet): Promise<Change[]> {
  const lists: Change[][] = [];
  for (const repository of repositories) lists.push(await changesIn(repository));
  return lists.flat();
}

async function changesIn(repository: Reviewed): Promise<Change[]> {
  const output = await withoutAttributes(repository.directory, (directory, env) =>
    gitBytes(
      directory,
      [
        ...diffArguments,
        '--no-renames',
        '--raw',
        '--numstat',
        '--abbrev=64',
        '-z',
        repository.base,
        repository.result,
        '--',
      ],
      { env },
    ),
  );
  const fields = output.toString().split('\0');
  const raw: string[][] = [];
  const lines = new Map<string, [added: string, deleted: string]>();
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index] ?? '';
    if (field.startsWith(':')) raw.push([...field.slice(1).split(' '), fields[++index] ?? '']);
    else if (field !== '') {
      const [added = '', deleted = '', ...path] = field.split('\t');
      lines.set(path.join('\t'), [added, deleted]);
    }
  }
  return raw.map(([oldMode = '', newMode = '', oldId = '', newId = '', letter = '', path = '']) => {
    const [added, deleted] = lines.get(path) ?? [];
    const count = (text: string | undefined) =>
      text === undefined || text === '-' ? undefined : Number(text);
    return {
      ...{ in: repository, path, oldMode, newMode, oldId, newId },
      status: STATUS[letter as keyof typeof STATUS] ?? 'modified',
      ...{ added: count(added), deleted: count(deleted) },
    };
  });
}

/**
 * Returns the changes that `patterns` name: a path as it is shown, a folder with all below, or a glob. All of them for no
 * pattern. @throws BottleError `usage` for a pattern that names none.
 */
export function selectChanges(changes: readonly Change[], patterns: readonly string[]): readonly Change[] {
  if (patterns.length === 0) return changes;
  const chosen = new Set<Change>();
  for (const pattern of patterns) {
    const found = changes.filter((change) => isNamed(shownPath(change), pattern));
    if (found.length === 0) {
      throw new BottleError('usage', `no changed file is named ${pattern}`, {
        hint: 'Name files, folders or globs by their path from the repository’s root; `make diff` lists them with FLAGS=--stat.',
      });
    }
    for (const change of found) chosen.add(change);
  }
  return changes.filter((change) => chosen.has(change));
}

/** The literal name goes first: `[id].tsx` is a name too. */
function isNamed(path: string, pattern: string): boolean {
  const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  if (plain === '.' || path === plain || path.startsWith(`${plain}/`)) return true;
  // As in git, `*.ts` is about files anywhere.
  return matchesGlob(plain.includes('/') ? path : posix.basename(path), plain);
}

/** FILE has one pattern a line, since names have spaces; `--file` may be repeated. */
export function patternsOf(files: readonly string[]): string[] {
  return files.flatMap((text) => text.split('\n')).filter((line) => line !== '');
}
