import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMissing } from '../host/files.ts';
import { type ByteName, splitNames } from './byte-names.ts';
import { gitBytes } from './git.ts';
import { gitPath } from './repository.ts';

/** One entry of the index. */
export interface IndexEntry {
  readonly name: ByteName;
  /** Such as `100644`; `160000` for a submodule. */
  readonly mode: string;
  readonly oid: string;
  /** 0, or 1 to 3 for the sides of a conflict. */
  readonly stage: string;
  /** Whether the file is absent on purpose, in a sparse checkout. */
  readonly isSkipped: boolean;
}

/** How the index differs from HEAD in one place. */
export interface StagedChange {
  readonly name: ByteName;
  /** Of HEAD; `000000` and zeros when it has no such file. */
  readonly oldMode: string;
  readonly oldOid: string;
  readonly newMode: string;
  readonly newOid: string;
}

/** The state of the index and of the files of a working tree, without submodules' own. */
export interface WorkingTree {
  readonly entries: readonly IndexEntry[];
  readonly staged: readonly StagedChange[];
  /** Files of the index whose content, mode or type differs in the working tree. */
  readonly modified: readonly ByteName[];
  /** Files of the index that are gone. */
  readonly deleted: readonly ByteName[];
  /** Files that are neither in the index nor ignored. */
  readonly untracked: readonly ByteName[];
  /** Untracked repositories within this one, whose files git does not list. */
  readonly nested: readonly ByteName[];
}

const NO_DRIVERS = [
  '--raw',
  '-z',
  '--no-renames',
  '--no-ext-diff',
  '--no-textconv',
  '--ignore-submodules=all',
  '--no-abbrev',
];

/** Reads the working tree, and changes nothing, not even the index. @throws BottleError `git-failed` */
export async function readWorkingTree(root: string, head: string | undefined): Promise<WorkingTree> {
  // `git diff` refreshes the index that it reads, even without optional locks.
  const scratch = await mkdtemp(join(tmpdir(), 'bot-bottle-index-'));
  try {
    const index = join(scratch, 'index');
    await copyFile(await gitPath(root, 'index'), index).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    return await readWith(root, head, { GIT_INDEX_FILE: index });
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function readWith(
  root: string,
  head: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<WorkingTree> {
  const run = (...args: string[]) => gitBytes(root, args, { env });
  const unstaged = await run('diff', ...NO_DRIVERS);
  const [listed, staged, others] = await Promise.all([
    run('ls-files', '--stage', '-t', '-z'),
    // Without a commit, everything in the index is new.
    run('diff', '--cached', ...NO_DRIVERS, ...(head === undefined ? [] : [head])),
    run('ls-files', '--others', '--exclude-standard', '-z'),
  ]);
  const changes = rawChanges(unstaged);
  const of = (...kinds: string[]) =>
    changes.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  // `git add --intent-to-add` makes an entry that has no content yet.
  const intended = new Set(of('A'));
  const untracked = splitNames(others);
  return {
    entries: splitNames(listed)
      .map(indexEntry)
      .filter(({ name }) => !intended.has(name)),
    staged: rawChanges(staged).filter(({ name }) => !intended.has(name)),
    modified: of('M', 'T', 'U'),
    deleted: of('D'),
    untracked: [...untracked.filter((name) => !name.endsWith('/')), ...intended],
    nested: untracked.filter((name) => name.endsWith('/')),
  };
}

/** `TAG MODE OID STAGE<tab>NAME` */
function indexEntry(line: string): IndexEntry {
  const tab = line.indexOf('\t');
  const [tag = '', mode = '', oid = '', stage = ''] = line.slice(0, tab).split(' ');
  return { name: line.slice(tab + 1), mode, oid, stage, isSkipped: tag === 'S' };
}

/** `:OLDMODE NEWMODE OLDOID NEWOID KIND`, then the name. A conflict has an entry of kind U beside others. */
function rawChanges(output: Buffer): (StagedChange & { kind: string })[] {
  const parts = splitNames(output);
  const changes = new Map<ByteName, StagedChange & { kind: string }>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = '', oldOid = '', newOid = '', kind = ''] = (parts[at] ?? '')
      .slice(1)
      .split(' ');
    const name = parts[at + 1] ?? '';
    changes.set(name, { name, oldMode, newMode, oldOid, newOid, kind });
  }
  return [...changes.values()];
}
