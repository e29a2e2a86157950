import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeDiff } from '../../../../lib/commands/diff/diff.ts';
import { diffPrinter } from '../../../../lib/commands/diff/diff-lines.ts';
import { listChanges, selectChanges, shownPath } from '../../../../lib/workspace/changes.ts';
import { findReviewed } from '../../../../lib/workspace/reviewed.ts';
import { refusal } from '../../../support/refusal.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';
import { SLUG, type Tree, WorkedRepository } from '../../../support/worked-repository.ts';

useTemporaryHome();

async function shown(repository: WorkedRepository, patterns?: readonly string[]): Promise<string> {
  const found = await findReviewed(SLUG, repository.directory);
  const only = patterns && selectChanges(await listChanges(found), patterns);
  const printer = diffPrinter(false);
  let text = '';
  const write = async (piece: string) => {
    text += printer.push(piece);
    return true;
  };
  await writeDiff(found, { write, signal: new AbortController().signal, ...(only && { only }) });
  return text + printer.end();
}

const diffOf = (base: Tree, result: Tree) => shown(new WorkedRepository(base, result));

describe('make diff', () => {
  it('shows the work against what went in, uncommitted changes too', async () => {
    const repository = new WorkedRepository({ a: 'one\n' }, { a: 'two\n' });
    repository.ref('wip', repository.commit({ a: 'three\n' }));
    const text = await shown(repository);
    expect(text).toContain('-one\n+three\n');
    expect(text).not.toContain('two');
  });

  it('a file’s escape sequences and hidden characters become visible, in content and in names', async () => {
    const text = await diffOf({}, { 'a\u001b[31m\u202eb': 'x\u001b]0;pwned\u0007\u202e\u0090\n' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u0080-\u009f\u202e]/);
    expect(text).toContain('+x^[]0;pwned^G<U+202E><U+0090>');
  });

  it('attributes of the bottle, applied already, neither hide a change nor start a program', async () => {
    const repository = new WorkedRepository({ a: 'one\n' }, { a: 'two\n' });
    repository.write('.gitattributes', '* binary diff=evil\n');
    repository.git('add', '.gitattributes');
    for (const key of ['command', 'textconv'])
      repository.git('config', `diff.evil.${key}`, `touch ${repository.path('pwned')};`);
    repository.git('config', 'diff.external', `touch ${repository.path('pwned')};`);
    expect(await shown(repository)).toContain('-one\n+two\n');
    expect(repository.read('pwned')).toBeUndefined();
  });

  it('a binary file is named, not printed', async () => {
    const text = await diffOf({ a: Buffer.from([1, 0, 2]) }, { a: Buffer.from([1, 0, 3]) });
    expect(text).toContain('Binary files a/a and b/a differ');
  });

  it('a submodule’s own changes have its path in front', async () => {
    const repository = new WorkedRepository({ a: '1\n' }, { a: '2\n' });
    mkdirSync(repository.path('deps/lib'), { recursive: true });
    const inner = new WorkedRepository({ b: '3\n' }, { b: '4\n' }, repository.path('deps/lib'));
    const id = inner.git('rev-parse', 'HEAD');
    repository.git('update-index', '--add', '--cacheinfo', `160000,${id},deps/lib`);
    const text = await shown(repository);
    expect(text).toContain('+++ b/deps/lib/b');
    expect(await shown(repository, ['deps/lib'])).not.toContain('b/a\n');
    // A link in its place leads to a repository that is no submodule of this one.
    const elsewhere = new WorkedRepository({ b: '3\n' }, { b: '5\n' });
    rmSync(repository.path('deps/lib'), { recursive: true });
    symlinkSync(elsewhere.directory, repository.path('deps/lib'));
    expect(await shown(repository)).not.toContain('deps/lib');
  });

  it('without a record of what went in, it starts from the last commit in common', async () => {
    const repository = new WorkedRepository({ a: '1\n' }, { a: '2\n' });
    repository.git('update-ref', '-d', `refs/bottles/${SLUG}/base`);
    expect((await findReviewed(SLUG, repository.directory))[0].baseIsGuess).toBe(true);
    expect(await shown(repository)).toContain('-1\n+2\n');
  });

  it('a bottle whose work was not fetched is refused with the command that fetches it', async () => {
    const { directory } = new WorkedRepository({ a: '1' }, { a: '2' });
    expect(await refusal(findReviewed('other-abcde', directory))).toContain('make fetch BOTTLE=other-abcde');
    expect(await refusal(findReviewed('../x', directory))).toContain('not a valid bottle name');
  });

  it('ten thousand named files fit', { timeout: 60_000 }, async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `a-rather-long-folder-name/file-${index}`);
    const text = await shown(
      new WorkedRepository({}, { x: '1', [names[0] ?? '']: '1', ...manyFiles(names) }),
      ['a-rather-long-folder-name'],
    );
    expect(text.split('\ndiff --git').length).toBe(10_000);
    expect(text).not.toContain('b/x\n');
  });
});

/** One content for all, so that only a few objects are written. */
function manyFiles(names: readonly string[]): Tree {
  const same = { mode: '160000', content: '' };
  return Object.fromEntries(
    names.map((name, index) => [name, { ...same, content: String(index).padStart(40, '1') }]),
  );
}

describe('the files that FILE names', () => {
  const tree = { 'a b': '1', '[id].ts': '1', 'i.ts': '1', 'src/x.ts': '1', 'src/deep/y.ts': '1', '-n': '1' };
  const changes = async () => listChanges(await findReviewed(SLUG, new WorkedRepository({}, tree).directory));

  it.each([
    ['a b', ['a b']],
    ['[id].ts', ['[id].ts', 'i.ts']],
    ['src/', ['src/deep/y.ts', 'src/x.ts']],
    ['src/*.ts', ['src/x.ts']],
    ['src/**/*.ts', ['src/deep/y.ts', 'src/x.ts']],
    ['*.ts', ['[id].ts', 'i.ts', 'src/deep/y.ts', 'src/x.ts']],
    ['-n', ['-n']],
  ])('%j', async (pattern, expected) => {
    expect(selectChanges(await changes(), [pattern]).map(shownPath)).toEqual(expected);
  });

  it('one that names none is refused', async () => {
    const work = changes().then((all) => selectChanges(all, ['nowhere']));
    expect(await refusal(work)).toContain('no changed file is named nowhere');
  });
});
