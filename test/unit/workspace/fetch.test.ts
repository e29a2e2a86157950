import { mkdtempSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyRepository } from '../../../lib/workspace/copy-repository.ts';
import { type FetchedRepository, fetchRepository } from '../../../lib/workspace/fetch-repository.ts';
import { surveyRepositories } from '../../../lib/workspace/survey.ts';
import { LocalGuest } from '../../support/git/local-guest.ts';
import { TestRepository, TWO_COMMITS } from '../../support/git/repositories.ts';

const signal = new AbortController().signal;

/** A repository, its copy in a guest, and a function that fetches what the agent's `script` makes of it. */
async function scene(script: string) {
  const source = await TestRepository.with(script);
  const guest = new LocalGuest();
  const [surveyed] = await surveyRepositories(source.root, false);
  if (surveyed === undefined) throw new Error('no repository');
  const { repository, selection } = surveyed;
  const identity = { name: 'Agent', email: 'agent@example.com' };
  const copy = { bottle: guest, repository, selection, submodules: [], identity, directory: guest.directory };
  const went = await copyRepository({ ...copy, signal, onBytes: () => {} });
  const fetch = (maxBytes = 1e9): Promise<FetchedRepository> =>
    fetchRepository({
      ...{
        bottle: guest,
        root: source.root,
        directory: guest.directory,
        objectFormat: repository.objectFormat,
      },
      ...went,
      scratch: mkdtempSync(join(tmpdir(), 'bk-scratch-')),
      ...{ maxBytes, signal, onBytes: () => {} },
    });
  return { source, guest, fetch };
}

const REFS = "git for-each-ref --format='%(refname)' refs/bottles";
const P = 'refs/bottles/demo-a1b2c';

describe('fetching the work of a bottle', () => {
  it('brings commits, uncommitted work and a stash as refs, and touches nothing else of the person’s', async () => {
    const { source, guest, fetch } = await scene(`${TWO_COMMITS}\necho mine >> two.txt`);
    await guest.sh(`git checkout -qb feature; echo a > a; git add a; git commit -qm 'Add a'
      echo stashed > a; git stash -q; echo wip > wip.txt; rm run.sh; git tag v2`);
    const own =
      'git status --porcelain; cat .git/HEAD; git for-each-ref refs/heads refs/tags; ls .git | grep -v objects; cat .git/config';
    const before = await source.sh(own);
    const fetched = await fetch();
    expect(await source.sh(own)).toBe(before.replace('index\n', 'index\n'));
    expect(fetched).toMatchObject({ hasWork: true, branch: 'feature', warnings: [] });
    expect((await source.sh(REFS)).split('\n')).toEqual(
      ['HEAD', 'base', 'heads/feature', 'stash', 'tags/v2', 'wip'].map((name) => `${P}/${name}`),
    );
    expect(
      await source.sh(
        `git log --format=%s main..${P}/heads/feature; git diff --name-status ${P}/base ${P}/wip`,
      ),
    ).toBe('Add a\nA\ta\nD\trun.sh\nM\ttwo.txt\nA\twip.txt');
    await source.sh('git fsck --strict');
  });

  it('of a bottle that has done nothing leaves no ref', async () => {
    const { source, fetch } = await scene(`${TWO_COMMITS}\necho mine >> two.txt`);
    expect(await fetch()).toMatchObject({ hasWork: false, changed: [] });
    expect(await source.sh(REFS)).toBe('');
  });

  it('again brings only what is new, and forgets uncommitted work that was committed', async () => {
    const { source, guest, fetch } = await scene(TWO_COMMITS);
    await guest.sh('echo a > a');
    expect((await fetch()).changed.map(({ name }) => name).toSorted()).toEqual(['HEAD', 'base', 'wip']);
    expect((await fetch()).changed).toEqual([]);
    await guest.sh('git add a; git commit -qm a');
    await fetch();
    expect((await source.sh(REFS)).split('\n')).toEqual(
      ['HEAD', 'base', 'heads/main'].map((name) => `${P}/${name}`),
    );
    expect((await fetch()).changed).toEqual([]);
  });

  it('keeps a commit that the agent has thrown away since, and makes room for names', async () => {
    const { source, guest, fetch } = await scene(TWO_COMMITS);
    await guest.sh('git checkout -qb x; echo 1 > f; git add f; git commit -qm one');
    await fetch();
    const one = await guest.sh('git rev-parse HEAD');
    await guest.sh('git commit -q --amend -m two; git checkout -qb tmp; git branch -D x; git branch x/y');
    await fetch();
    expect(
      await source.sh(
        `git log -1 --format=%s ${P}/gone/${one.slice(0, 12)}; git log -1 --format=%s ${P}/heads/x/y`,
      ),
    ).toBe('one\ntwo');
  });

  it.each([
    ['a repository without a commit', 'git init -q -b main'],
    [
      'a repository with SHA-256',
      'git init -q -b main --object-format=sha256; echo a > b; git add b; git commit -qm b',
    ],
    ['a detached HEAD', `${TWO_COMMITS}\ngit checkout -q v1`],
  ])('works for %s', async (_, script) => {
    const { source, guest, fetch } = await scene(script);
    await guest.sh('echo new > new; git add new; git commit -qm new; echo more > more');
    expect(await fetch()).toMatchObject({ hasWork: true });
    expect(await source.sh(`git log -1 --format=%s ${P}/HEAD; git show ${P}/wip:more`)).toBe('new\nmore');
  });

  it('works for a shallow clone', async () => {
    const source = await TestRepository.with(TWO_COMMITS);
    const { source: clone, guest, fetch } = await scene(`git clone -q --depth 1 file://${source.root} .`);
    await guest.sh('echo new > new; git add new; git commit -qm new');
    await fetch();
    expect(await clone.sh(`git log --format=%s ${P}/HEAD`)).toBe('new\nsecond');
  });
});

describe('a hostile repository', () => {
  /** Fetching is refused for this reason, and the person's repository has no ref and no broken object. */
  async function refused(attack: string, reason: RegExp, maxBytes?: number) {
    const { source, guest, fetch } = await scene(TWO_COMMITS);
    await guest.sh(attack);
    await expect(fetch(maxBytes)).rejects.toThrow(reason);
    expect(await source.sh(`${REFS}; git fsck --strict --unreachable --no-reflogs`)).toBe('');
  }

  const commitTree = (entry: string) =>
    `git hash-object -w -t blob /dev/null; git mktree < /dev/null; tree=$(printf '${entry}' | git mktree --missing); git update-ref refs/heads/evil $(git commit-tree -m x $tree)`;

  it.each([
    ['a tree with .git', commitTree('100644 blob e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\\t.git\\n')],
    ['a tree with .GIT', commitTree('100644 blob e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\\t.GIT\\n')],
    [
      'a tree with git~1, the short name of .git on Windows',
      commitTree('100644 blob e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\\tgit~1\\n'),
    ],
    [
      'a tree with .git and a character that macOS ignores',
      commitTree('100644 blob e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\\t.g\\342\\200\\214it\\n'),
    ],
    ['a tree with ..', commitTree('040000 tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\\t..\\n')],
    [
      'a submodule whose URL is an option',
      `git config -f .gitmodules submodule.a.path a; git config -f .gitmodules submodule.a.url -- --upload-pack=touch; git add .gitmodules; git commit -qm x`,
    ],
    [
      'a .gitmodules that is a link',
      commitTree('120000 blob e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\\t.gitmodules\\n'),
    ],
  ])('cannot bring %s', async (_, attack) => {
    await refused(attack, /git refuses what the guest sent/);
  });

  it('cannot bring a commit whose objects are missing', async () => {
    await refused(
      `git update-ref refs/heads/evil $(git commit-tree -m x $(printf '100644 blob ${'1'.repeat(40)}\\tf\\n' | git mktree --missing))`,
      /not sent whole|refuses/,
    );
  });

  it('cannot bring more than is accepted', async () => {
    await refused(
      'head -c 3000000 /dev/urandom > big; git add big; git commit -qm big',
      /has more than 976/,
      1e6,
    );
  });

  it('cannot make the host run its hooks, filters, drivers or aliases', async () => {
    const { source, guest, fetch } = await scene(TWO_COMMITS);
    const trap = join(guest.home, 'trap');
    await guest.sh(`git config core.fsmonitor 'touch ${trap}-fsmonitor'; git config filter.x.clean 'touch ${trap}-clean; cat'
      git config diff.x.textconv 'touch ${trap}-textconv; cat'; git config uploadpack.packObjectsHook 'touch ${trap}-hook'
      echo '* filter=x diff=x' > .gitattributes; echo '#!/bin/sh\ntouch ${trap}-hook' > .git/hooks/reference-transaction || true
      echo x > x; git add .; git commit -qm x`);
    await guest.sh(`rm -f ${trap}*`);
    await fetch();
    expect(await guest.sh(`ls ${guest.home} | grep -E 'trap-(hook|textconv|fsmonitor)' || true`)).toBe('');
    expect(await source.sh('git config --list --local')).not.toContain('filter');
  });

  it('has refs with hostile names refused, and the others fetched', async () => {
    const { source, guest, fetch } = await scene(TWO_COMMITS);
    await guest.sh(
      `echo a > a; git add a; git commit -qm a; git branch "$(printf 'right\\342\\200\\256left')"; git branch good`,
    );
    const fetched = await fetch();
    expect(fetched.warnings).toEqual([expect.stringContaining('is refused')]);
    expect(await source.sh(REFS)).toContain(`${P}/heads/good`);
  });

  it('has branches named like options refused, and .gitmodules with programs fetched as a file', async () => {
    const { source, guest, fetch } = await scene(TWO_COMMITS);
    const proof = join(guest.home, 'ran');
    await guest.sh(
      `printf '[submodule "a"]\\n\\tpath = a\\n\\turl = ext::touch ${proof}\\n' > .gitmodules; git add .; git commit -qm x
       git update-ref 'refs/heads/--upload-pack=touch-${'x'.repeat(20)}' HEAD; git update-ref refs/heads/-o HEAD`,
    );
    expect((await fetch()).warnings.filter((line) => line.endsWith('is refused'))).toHaveLength(2);
    expect(await source.sh(`${REFS}; git show ${P}/HEAD:.gitmodules`)).toMatch(/ext::touch/);
    expect(await source.sh(REFS)).not.toContain('/-');
    expect(await source.sh('ls -A; git config --list --local')).not.toContain('submodule');
    await expect(access(proof)).rejects.toThrow();
  });

  it('whose git is not git is found out', async () => {
    const { source, guest, fetch } = await scene(TWO_COMMITS);
    await guest.sh(
      `mkdir ${guest.home}/bin; printf '#!/bin/sh\\necho nonsense\\n' > ${guest.home}/bin/git; chmod +x ${guest.home}/bin/git`,
    );
    Object.assign(guest.env, { PATH: `${guest.home}/bin:${process.env.PATH}` });
    await expect(fetch()).rejects.toThrow(/not understood|no git repository|cannot be read/);
    expect(await source.sh(REFS)).toBe('');
  });

  it('that was removed is named', async () => {
    const { guest, fetch } = await scene(TWO_COMMITS);
    await guest.sh('rm -rf .git');
    await expect(fetch()).rejects.toThrow('is no git repository any more');
  });

  it('that has lost what went in still brings the rest', async () => {
    const { source, guest, fetch } = await scene(`${TWO_COMMITS}\necho mine >> two.txt`);
    await guest.sh(
      'echo a > a; git add .; git commit -qm a; git reflog expire --expire=now --all; git gc -q --prune=now',
    );
    expect((await fetch()).warnings).toEqual(['the guest no longer has the commit with what went in']);
    expect(await source.sh(`git log -1 --format=%s ${P}/HEAD`)).toBe('a');
  });
});
