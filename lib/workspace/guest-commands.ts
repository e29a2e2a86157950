import { shellWord } from '../guest/shell-script.ts';

/**
 * Scripts that the agent's user runs in the guest, as `sh -c SCRIPT sh DIRECTORY`, or through a pipe. They use the
 * guest's own git, which obeys no configuration but the guest's. Everything that they print is the guest's word.
 */

/** Below `.git`; there as long as a copy is incomplete, so that the next try starts anew. */
const INCOMPLETE = '.git/bot-bottle-incomplete';

/** A file of the index's own kind, so that the agent's index stays as it is. */
const SCRATCH_INDEX = '.git/bot-bottle-index';

/** The identity of commits that the kit makes. */
const AUTHOR = 'bottle-kit';

/** What the scripts exit with for what a person can mend. */
export const EXIT = { noGit: 91, notEmpty: 92, noTar: 93 } as const;

/** Makes a repository in DIRECTORY, and stores the objects of a pack that comes on standard input. $2: the object format. */
export const RECEIVE_OBJECTS = `set -e
command -v git > /dev/null || exit ${EXIT.noGit}
mkdir -p "$1"
cd "$1"
if [ -e ${INCOMPLETE} ]; then find . -mindepth 1 -delete; fi
[ -z "$(ls -A)" ] || exit ${EXIT.notEmpty}
if [ "$2" = sha1 ]; then git init --quiet --template= .; else git init --quiet --template= --object-format="$2" .; fi
: > ${INCOMPLETE}
exec git index-pack --stdin > /dev/null`;

/** Fills the index from `ls-files --stage`'s format, each entry ended by a NUL. */
export const RECEIVE_INDEX = 'cd "$1" && exec git update-index -z --index-info';

/** Marks files as absent on purpose. */
export const SKIP_FILES = 'cd "$1" && exec git update-index -z --skip-worktree --stdin';

/** Writes files of the index, without fetching what LFS pointers point to. */
export const CHECK_OUT =
  'cd "$1" && GIT_LFS_SKIP_SMUDGE=1 exec git checkout-index --quiet --force -z --stdin';

/** Unpacks a tar archive; owner and permissions are the agent's. */
export const RECEIVE_FILES = `command -v tar > /dev/null || exit ${EXIT.noTar}
mkdir -p "$1" && cd "$1" && exec tar -x -o -f -`;

export interface Finishing {
  readonly directory: string;
  readonly branch: string | undefined;
  readonly head: string | undefined;
  readonly refs: readonly { oid: string; name: string }[];
  readonly shallow: readonly string[];
  readonly remotes: readonly { name: string; url: string }[];
  readonly excludes: string;
  /** Submodules that are copied too, as paths in the repository. */
  readonly submodules: readonly string[];
  /** Of the agent's commits. */
  readonly identity: { readonly name: string; readonly email: string };
  readonly slug: string;
}

/** Makes refs, HEAD and configuration; prints the commit with exactly the files that are there: `snapshot OID TREE`. */
export function finishScript(copy: Finishing): string {
  const { directory, branch, head, refs, shallow, remotes, excludes, submodules, identity, slug } = copy;
  const config = (key: string, value: string) => `git config --add ${shellWord(key)} ${shellWord(value)}`;
  return [
    'set -e',
    `cd ${shellWord(directory)}`,
    ...(shallow.length === 0 ? [] : [hereDocument('cat > .git/shallow', shallow)]),
    hereDocument(
      'git update-ref --stdin',
      refs.map(({ name, oid }) => `create ${name} ${oid}`),
    ),
    branch === undefined
      ? `git update-ref --no-deref HEAD ${shellWord(head ?? '')}`
      : `git symbolic-ref HEAD ${shellWord(branch)}`,
    ...remotes.flatMap(({ name, url }) => [
      config(`remote.${name}.url`, url),
      config(`remote.${name}.fetch`, `+refs/heads/*:refs/remotes/${name}/*`),
    ]),
    ...submodules.map((path) => config('submodule.active', `:(top,literal)${path}`)),
    config('user.name', identity.name),
    config('user.email', identity.email),
    'mkdir -p .git/info',
    hereDocument('cat > .git/info/exclude', excludes.split('\n')),
    'git update-index -q --refresh > /dev/null || true',
    ...snapshot(`What went into the bottle ${slug}`),
    'echo "snapshot $snapshot $tree"',
    `rm -f ${INCOMPLETE}`,
  ].join('\n');
}

/** Makes the same commit later, of what the agent left; prints it, and then the repository's refs. */
export function reportScript(directory: string, slug: string): string {
  return [
    'set -e',
    `cd ${shellWord(directory)}`,
    '[ -e .git ] || exit 3',
    ...snapshot(`Uncommitted work of the bottle ${slug}`),
    'echo "snapshot $snapshot $tree"',
    'echo "head $head"',
    'echo "branch $(git symbolic-ref --quiet HEAD || true)"',
    "git for-each-ref --format='ref %(objectname) %(refname)' refs/heads refs/tags refs/stash",
    'echo end',
  ].join('\n');
}

/**
 * Makes a commit of all files that git does not ignore, on top of HEAD, without touching the index. `$snapshot`
 * becomes its id: HEAD's when nothing differs, empty when there is neither a commit nor a file.
 */
function snapshot(message: string): string[] {
  const author = ['AUTHOR', 'COMMITTER'].map((who) => {
    return `export GIT_${who}_NAME=${AUTHOR} GIT_${who}_EMAIL=${AUTHOR}@localhost`;
  });
  return [
    `rm -f ${SCRATCH_INDEX} ${SCRATCH_INDEX}.lock`,
    `[ ! -e .git/index ] || cp .git/index ${SCRATCH_INDEX}`,
    ...author,
    `scratch() { GIT_INDEX_FILE="$PWD/${SCRATCH_INDEX}" git -c core.fsmonitor=false -c advice.addEmbeddedRepo=false "$@"; }`,
    // A file that cannot be read is left out; git says which.
    'scratch add --all --ignore-errors . || true',
    'tree=$(scratch write-tree)',
    'head=$(git rev-parse --quiet --verify "HEAD^{commit}" || true)',
    'if [ -n "$head" ] && [ "$tree" = "$(git rev-parse "HEAD^{tree}")" ]; then snapshot=$head',
    'elif [ -z "$head" ] && [ -z "$(git ls-tree "$tree")" ]; then snapshot=',
    `elif [ -z "$head" ]; then snapshot=$(git commit-tree -m ${shellWord(message)} "$tree")`,
    `else snapshot=$(git commit-tree -m ${shellWord(message)} -p "$head" "$tree"); fi`,
    `rm -f ${SCRATCH_INDEX}`,
  ];
}

/** Prints those of the ids that are there, each after `prefix`. */
function presentOnes(ids: readonly string[], prefix: string): string {
  const keep = `sed -n 's/^\\([0-9a-f]*\\) [a-z]* [0-9]*$/${prefix}\\1/p'`;
  return hereDocument('git cat-file --batch-check', ids, `| ${keep}`);
}

/** Packs `wanted` with all that `have` does not reach, each as far as the guest has it. */
export function packScript(directory: string, wanted: readonly string[], have: readonly string[]): string {
  return [
    'set -e',
    `cd ${shellWord(directory)}`,
    '{',
    presentOnes(have, '^'),
    presentOnes(wanted, ''),
    '} | git pack-objects --quiet --revs --thin --delta-base-offset --stdout',
  ].join('\n');
}

function hereDocument(command: string, lines: readonly string[], pipe = ''): string {
  const end = 'BOT_BOTTLE_END';
  return [`${command} <<'${end}' ${pipe}`.trimEnd(), ...lines.filter((line) => line !== end), end].join('\n');
}
