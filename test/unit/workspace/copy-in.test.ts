import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRepositoryRoot } from '../../../lib/git/repository.ts';
import { copyRepository } from '../../../lib/workspace/copy-repository.ts';
import { surveyRepositories } from '../../../lib/workspace/survey.ts';
import { LocalGuest } from '../../support/git/local-guest.ts';
import { TestRepository, TWO_COMMITS } from '../../support/git/repositories.ts';

/** Copies a repository and its submodules. */
async function copied(source: TestRepository, { takeSecrets = false, root = source.root } = {}) {
  const guest = new LocalGuest();
  const surveyed = await surveyRepositories(root, takeSecrets);
  const bases: string[] = [];
  for (const { path, repository, selection, submodules } of surveyed) {
    const { base } = await copyRepository({
      ...{
        bottle: guest,
        repository,
        selection,
        submodules,
        identity: { name: 'Ada', email: 'ada@example.com' },
      },
      directory: join(guest.directory, path),
      signal: new AbortController().signal,
      onBytes: () => {},
    });
    bases.push(base);
  }
  return { guest, bases, leftOut: surveyed.flatMap(({ selection }) => selection.leftOut), surveyed };
}

const STATE =
  'git status --porcelain=v1 -z --untracked-files=all | tr "\\0" "\\n"; git for-each-ref; git symbolic-ref -q HEAD || git rev-parse HEAD; git ls-files -s';
const FILES = "find . -path ./.git -prune -o ! -type d -printf '%P %y %m %l\\n' | sort";

/** The copy has the same commits, refs, index and files, and passes git's own check. */
async function expectSame(source: TestRepository, guest: LocalGuest) {
  expect(await guest.sh(STATE)).toBe(await source.sh(STATE));
  expect(await guest.sh(FILES)).toBe(await source.sh(FILES));
  await guest.sh('git fsck --strict');
}

describe('a copied repository', () => {
  it('has the same commits, branches, tags, index, changes and untracked files, and leaves ignored ones out', async () => {
    const source = await TestRepository.with(`${TWO_COMMITS}
      echo staged > staged.txt; git add staged.txt
      echo changed >> two.txt
      chmod +x src/one.txt
      rm link
      mkdir 'new dir'; echo new > 'new dir/ü ñ.txt'; echo x > './-dash'; echo y > "$(printf 'line\\nbreak')"
      echo '*.log' > .gitignore; echo noise > noise.log`);
    const { guest, bases } = await copied(source);
    expect(await guest.sh('ls noise.log 2>&1 || true')).toContain('No such file');
    await source.sh('rm noise.log');
    await expectSame(source, guest);
    expect(await guest.sh(`git ls-tree -r --name-only -z ${bases[0]} | tr '\\0' '\\n'`)).toContain('ü ñ.txt');
    expect(await guest.sh('ls .git; cat .git/config')).not.toMatch(/bot-bottle|hooks/);
  });

  it('changes nothing in the source, not even its index', async () => {
    const source = await TestRepository.with(`${TWO_COMMITS}\ntouch -d '2001-01-01' two.txt; echo x > new`);
    const all = 'find . -type f -exec sha256sum {} + | sort; find . -printf "%p %T@\\n" | sort';
    const before = await source.sh(all);
    await copied(source);
    expect(await source.sh(all)).toBe(before);
  });

  it.each([
    [
      'without a commit, with a staged and an untracked file',
      'git init -q -b trunk; echo a > a; git add a; echo b > b',
    ],
    ['that is empty', 'git init -q -b trunk'],
    ['with a detached HEAD', `${TWO_COMMITS}\ngit checkout -q v1`],
    [
      'with SHA-256 objects',
      'git init -q --object-format=sha256 -b main; echo a > a; git add a; git commit -qm a',
    ],
    [
      'in the middle of a conflict',
      `${TWO_COMMITS}\ngit checkout -q side; echo other >> src/one.txt; git commit -qam other; git merge -q main || true`,
    ],
    [
      'with a file that became a directory, and the reverse',
      `${TWO_COMMITS}\nrm two.txt; mkdir two.txt; echo in > two.txt/in; rm -r src; echo src > src`,
    ],
    [
      'with attributes',
      'git init -q -b main; echo "*.txt eol=crlf" > .gitattributes; printf "a\\r\\nb\\r\\n" > a.txt; git add .; git commit -qm a',
    ],
    ['with intent to add', `${TWO_COMMITS}\necho n > n; git add -N n; git reset -q n`],
    [
      'with packed refs and an annotated tag',
      `${TWO_COMMITS}\ngit tag -a -m t t1; git pack-refs --all; git gc -q`,
    ],
  ])('%s is the same', async (_, script) => {
    const source = await TestRepository.with(script);
    const { guest } = await copied(source);
    await expectSame(source, guest);
  });

  it('keeps names in any bytes', async () => {
    const source = await TestRepository.with(`${TWO_COMMITS}
      printf 'x' > "$(printf 'latin-\\351')"; git add .; git commit -qm bytes`);
    const { guest } = await copied(source);
    await expectSame(source, guest);
  });

  it('names an uncommitted file whose name is no text, and leaves it out', async () => {
    const source = await TestRepository.with(`${TWO_COMMITS}\nprintf 'x' > "$(printf 'latin-\\351')"`);
    expect((await copied(source)).leftOut).toEqual([{ path: 'latin-\ufffd', reason: 'name' }]);
  });

  it('of a shallow clone is shallow', async () => {
    const source = await TestRepository.with(TWO_COMMITS);
    const clone = await TestRepository.with(`git clone -q --depth 1 file://${source.root} .`);
    const { guest } = await copied(clone);
    expect(await guest.sh('git log --oneline | wc -l; git rev-parse --is-shallow-repository')).toBe(
      '1\ntrue',
    );
    await guest.sh('git fsck');
  });

  it('of a linked worktree is an ordinary repository at its branch', async () => {
    const source = await TestRepository.with(
      `${TWO_COMMITS}\ngit worktree add -q ../$(basename $PWD)-tree side`,
    );
    const root = `${source.root}-tree`;
    writeFileSync(join(root, 'only-here'), '');
    const { guest } = await copied(source, { root });
    expect(await guest.sh('git symbolic-ref HEAD; git status --porcelain; ls -d .git/HEAD')).toBe(
      'refs/heads/side\n?? only-here\n.git/HEAD',
    );
  });

  it('has its submodules, with their changes', async () => {
    const library = await TestRepository.with(TWO_COMMITS);
    const source = await TestRepository.with(`${TWO_COMMITS}
      git submodule --quiet add ${library.root} 'lib dir/sub'; git commit -qm sub
      cd 'lib dir/sub'; echo change >> two.txt`);
    const { guest, surveyed } = await copied(source);
    expect(surveyed.map(({ path }) => path)).toEqual(['', 'lib dir/sub']);
    expect(
      await guest.sh(
        'git status --porcelain; git -C "lib dir/sub" status --porcelain; git submodule status | cut -c1',
      ),
    ).toBe(' M "lib dir/sub"\n M two.txt\n ');
  });

  it('a submodule without a repository of its own is not taken for one', async () => {
    const library = await TestRepository.with(TWO_COMMITS);
    const source = await TestRepository.with(`${TWO_COMMITS}
      git submodule --quiet add ${library.root} sub; git commit -qm sub`);
    expect(await isRepositoryRoot(join(source.root, 'sub'))).toBe(true);
    await source.sh('rm sub/.git');
    expect(await isRepositoryRoot(join(source.root, 'sub'))).toBe(false);
    expect(await isRepositoryRoot(source.root)).toBe(true);
  });

  it('has LFS pointers as they are in the repository', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n';
    const source = await TestRepository.with(`git init -q -b main
      git config filter.lfs.smudge 'echo smudged'; git config filter.lfs.clean 'printf "${pointer.replaceAll('\n', '\\n')}"'
      git config filter.lfs.required true
      echo '*.bin filter=lfs' > .gitattributes; echo content > a.bin; git add .; git commit -qm a`);
    const { guest } = await copied(source);
    expect(await guest.sh('cat a.bin; git status --porcelain')).toBe(pointer.trimEnd());
  });

  it('knows its remotes by name, without credentials, local paths and host settings', async () => {
    const source = await TestRepository.with(`${TWO_COMMITS}
      git remote add origin https://me:token@example.com/o/r.git; git remote add other /home/me/secret-place
      git config core.fsmonitor /bin/false; git config alias.x '!touch /tmp/x'; echo 'exit 1' > .git/hooks/pre-commit`);
    const { guest } = await copied(source);
    expect(await guest.sh('git remote -v | grep fetch')).toBe(
      'origin\thttps://example.com/o/r.git (fetch)\nother\tunavailable:outside-this-copy (fetch)',
    );
    expect(await guest.sh('cat .git/config; ls .git')).not.toMatch(
      /token|secret-place|fsmonitor|alias|hooks/,
    );
    await guest.sh('echo x > x; git add x; git commit -qm x');
  });

  it('ignores what the source ignores', async () => {
    const source = await TestRepository.with(
      `${TWO_COMMITS}\nmkdir -p .git/info; echo build/ > .git/info/exclude`,
    );
    const { guest } = await copied(source);
    expect(await guest.sh('mkdir build; touch build/x; git status --porcelain')).toBe('');
  });

  it('of a sparse checkout has the same files', async () => {
    const source = await TestRepository.with(`${TWO_COMMITS}\ngit sparse-checkout set --no-cone /two.txt`);
    const { guest } = await copied(source);
    expect(await guest.sh(FILES)).toBe(await source.sh(FILES));
    expect(await guest.sh('git status --porcelain')).toBe('');
  });
});

const KEY =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n-----END OPENSSH PRIVATE KEY-----';

describe('secrets', () => {
  const script = `${TWO_COMMITS}
    echo 'A=1' > .env; echo 'A=' > .env.example; echo "${KEY}" > notes.md; echo x > fine.txt
    echo 'A=2' > staged.env; git add staged.env
    echo 'token ghp_0123456789abcdefghijklmnopqrstuvwxyz' >> two.txt`;

  it('that no commit has are left out and named; a committed file is there as committed', async () => {
    const source = await TestRepository.with(script);
    const { guest, leftOut } = await copied(source);
    expect(leftOut.map(({ path }) => path).toSorted()).toEqual(['.env', 'notes.md', 'staged.env', 'two.txt']);
    expect(await guest.sh(`${FILES}; cat two.txt; git ls-files`)).not.toMatch(/ghp_|notes\.md|\.env /);
    expect(await guest.sh('cat two.txt; ls -A')).toContain('.env.example');
    expect(await guest.sh('git cat-file --batch-all-objects --batch')).not.toMatch(/A=[12]|PRIVATE|ghp_/);
  });

  it('go in when asked for', async () => {
    const source = await TestRepository.with(script);
    const { guest, leftOut } = await copied(source, { takeSecrets: true });
    expect(leftOut).toEqual([]);
    await expectSame(source, guest);
  });

  it('that a commit has are named', async () => {
    const source = await TestRepository.with(
      `${TWO_COMMITS}\necho k > server.pem; git add .; git commit -qm k`,
    );
    expect((await copied(source)).surveyed[0]?.selection.committedSecrets).toEqual(['server.pem']);
  });
});
