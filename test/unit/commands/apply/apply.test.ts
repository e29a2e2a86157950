import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applyChanges, changesThat } from '../../../../lib/commands/apply/apply.ts';
import { judge } from '../../../../lib/commands/apply/judge.ts';
import { applyAll, changesOf } from '../../../support/apply-all.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';
import { SLUG, WorkedRepository } from '../../../support/worked-repository.ts';

useTemporaryHome();

const link = (content: string) => ({ mode: '120000', content });
const executable = (content: string) => ({ mode: '100755', content });
const isExecutable = (repository: WorkedRepository, name: string) =>
  (statSync(repository.path(name)).mode & 0o100) !== 0;

describe('make apply', () => {
  it('brings changed, new and deleted files, modes, links and binary content, and touches neither index nor HEAD', async () => {
    const binary = Buffer.from([0, 255, 10, 13, 0]);
    const repository = new WorkedRepository(
      { changed: 'one\n', deleted: 'x', 'folder/only': 'x', mode: '#!', type: 'file' },
      { changed: 'two\n', binary, 'new/deep/file': 'n', mode: executable('#!'), type: link('changed') },
    );
    const head = repository.git('rev-parse', 'HEAD');
    expect((await applyAll(repository)).left).toEqual([]);
    const names = ['changed', 'deleted', 'folder', 'new/deep/file', 'type'];
    expect(names.map((name) => repository.read(name))).toEqual([
      'two\n',
      undefined,
      undefined,
      'n',
      '-> changed',
    ]);
    expect(repository.read('binary')).toBe(binary.toString());
    expect(isExecutable(repository, 'mode')).toBe(true);
    expect([repository.git('rev-parse', 'HEAD'), repository.git('diff', '--cached')]).toEqual([head, '']);
    expect(readdirSync(repository.path('.git')).filter((name) => name.includes('bottle'))).toEqual([]);
  });

  it.each(['a b', 'a\nb', '-rf', '--prefix=x', 'é漢', '*', ':(top)x', '"q"', "it's", '$(id)', 'a\\b'])(
    'a file with the name %j arrives',
    async (name) => {
      const repository = new WorkedRepository(
        { [`was ${name}`]: '1', [name]: '1' },
        { [name]: '2', [`new/${name}`]: '3' },
      );
      expect((await applyAll(repository)).left).toEqual([]);
      expect([repository.read(name), repository.read(`new/${name}`), repository.read(`was ${name}`)]).toEqual(
        ['2', '3', undefined],
      );
    },
  );

  it('a second run has nothing to do', async () => {
    const repository = new WorkedRepository(
      { a: '1', b: '1', d: '1' },
      { a: '2', b: executable('1'), c: '3' },
    );
    await applyAll(repository);
    expect(await applyAll(repository)).toEqual({ applied: [], done: ['a', 'b', 'c', 'd'], left: [] });
  });

  it('a folder takes the place of a file, and a file or a link that of a folder', async () => {
    const base = { a: '1', 'b/c': '1', 'b/d': '1', 'e/f': '1' };
    const repository = new WorkedRepository(base, { 'a/x/y': '2', b: '2', e: link('b') });
    expect((await applyAll(repository)).left).toEqual([]);
    expect([repository.read('a/x/y'), repository.read('b'), repository.read('e')]).toEqual([
      '2',
      '2',
      '-> b',
    ]);
    expect((await applyAll(repository)).applied).toEqual([]);
  });

  it('takes what is uncommitted in the bottle', async () => {
    const repository = new WorkedRepository({ a: '1' }, { a: '2' });
    repository.ref('wip', repository.commit({ a: '3' }));
    await applyAll(repository);
    expect(repository.read('a')).toBe('3');
  });

  it('files of a submodule go into the submodule', async () => {
    const repository = new WorkedRepository({ a: '1' }, { a: '2' });
    mkdirSync(repository.path('sub'));
    const inner = new WorkedRepository({ b: '1' }, { b: '2' }, repository.path('sub'));
    repository.git('update-index', '--add', '--cacheinfo', `160000,${inner.git('rev-parse', 'HEAD')},sub`);
    expect((await applyAll(repository)).applied).toEqual(['a', 'sub/b']);
    expect(repository.read('sub/b')).toBe('2');
  });

  it('a submodule’s new commit is named, and not applied', async () => {
    const commit = (digit: string) => ({ mode: '160000', content: digit.repeat(40) });
    const changes = await changesOf(new WorkedRepository({ sub: commit('1') }, { sub: commit('2') }));
    expect((await judge(changes)).map(({ state }) => state)).toEqual(['submodule']);
  });
});

describe('the operator’s own changes', () => {
  const base = { a: 'one\n', other: '1' };
  const result = { a: 'two\n', other: '2', 'new/file': 'n' };

  it.each<[string, string, (mine: WorkedRepository) => unknown]>([
    ['changed', 'a: you have changed it', (mine) => mine.write('a', 'mine')],
    ['deleted', 'a: you have deleted it', (mine) => rmSync(mine.path('a'))],
    ['made executable', 'a: you have changed it', (mine) => chmodSync(mine.path('a'), 0o755)],
    [
      'replaced by a folder',
      'a: you have changed it',
      (mine) => [rmSync(mine.path('a')), mine.write('a/b', 'm')],
    ],
    [
      'replaced by a link',
      'a: you have changed it',
      (mine) => [rmSync(mine.path('a')), symlinkSync('b', mine.path('a'))],
    ],
    ['staged', 'a: you have changed it', (mine) => [mine.write('a', 'mine'), mine.git('add', 'a')]],
    ['untracked', 'new/file: a file of yours is in the way', (mine) => mine.write('new/file', 'mine')],
    [
      'ignored',
      'new/file: a file of yours is in the way',
      (mine) => [mine.write('.git/info/exclude', 'new'), mine.write('new/file', 'mine')],
    ],
    [
      'a dangling link',
      'new/file: a symlink of yours is in the way',
      (mine) => [mine.write('new/x', ''), symlinkSync('y', mine.path('new/file'))],
    ],
    ['a folder', 'new/file: a folder of yours is in the way', (mine) => mine.write('new/file/deep', 'mine')],
    ['where a folder must be', 'new/file: new is a file, not a folder', (mine) => mine.write('new', 'mine')],
  ])('%s: left as it is, and the rest is applied', async (_, reason, edit) => {
    const repository = new WorkedRepository(base, result);
    edit(repository);
    const names = ['a', 'a/b', 'new', 'new/file', 'new/file/deep'].filter((name) =>
      name.startsWith(reason.startsWith('a:') ? 'a' : 'new'),
    );
    const before = names.map((name) => repository.read(name));
    expect((await applyAll(repository)).left).toEqual([reason]);
    expect(names.map((name) => repository.read(name))).toEqual(before);
    expect(repository.read('other')).toBe('2');
  });

  it('a file that is already as in the bottle is no conflict', async () => {
    const repository = new WorkedRepository(base, result);
    repository.write('a', 'two\n');
    repository.write('new/file', 'n');
    expect(await applyAll(repository)).toEqual({ applied: ['other'], done: ['a', 'new/file'], left: [] });
  });

  it('a file of theirs in a folder that the bottle replaced keeps the folder', async () => {
    const repository = new WorkedRepository({ 'd/a': '1' }, { d: 'file' });
    repository.write('d/mine', 'm');
    expect((await applyAll(repository)).left).toEqual(['d: a folder of yours is in the way']);
    expect(repository.read('d/mine')).toBe('m');
  });

  it('what is edited between the question and the answer is left too', async () => {
    const repository = new WorkedRepository(base, result);
    const changes = await changesOf(repository);
    const ready = changesThat(await judge(changes), 'ready');
    repository.write('a', 'mine\n');
    const { left } = await applyChanges(ready, new AbortController().signal);
    expect([left.length, repository.read('a')]).toEqual([1, 'mine\n']);
  });

  it('an interruption leaves each file old or new, and a second run finishes', async () => {
    const repository = new WorkedRepository({ a: '1', b: '1', c: '1' }, { a: '2', b: '2' });
    const { signal } = new AbortController();
    let steps = 0;
    signal.throwIfAborted = () => {
      steps++;
      if (steps === 3) throw new Error('stop');
    };
    await expect(applyChanges(await changesOf(repository), signal)).rejects.toThrow('stop');
    const read = () => ['a', 'b', 'c'].map((name) => repository.read(name));
    expect(read()).toEqual(['2', '1', undefined]);
    expect(await applyAll(repository)).toEqual({ applied: ['b'], done: ['a', 'c'], left: [] });
    expect(read()).toEqual(['2', '2', undefined]);
  });
});

describe('line ends and settings of the operator', () => {
  it('autocrlf: a file that differs only by its line ends is unchanged, and the new one has the operator’s', async () => {
    const repository = new WorkedRepository({ a: 'one\n', crlf: 'x\r\n' }, { a: 'two\n', crlf: 'y\r\n' });
    repository.git('config', 'core.autocrlf', 'true');
    repository.write('a', 'one\r\n');
    expect((await applyAll(repository)).left).toEqual([]);
    expect([repository.read('a'), repository.read('crlf')]).toEqual(['two\r\n', 'y\r\n']);
  });

  it('core.fileMode=false: a mode is no change of the operator’s', async () => {
    const repository = new WorkedRepository({ a: '1' }, { a: '2' });
    repository.git('config', 'core.fileMode', 'false');
    chmodSync(repository.path('a'), 0o755);
    expect((await applyAll(repository)).applied).toEqual(['a']);
  });

  it('where case does not count, only one of two names is written', async () => {
    const repository = new WorkedRepository({}, { README: '1', readme: '2' });
    repository.git('config', 'core.ignoreCase', 'true');
    expect((await applyAll(repository)).left).toEqual(['readme: only case tells it from README']);
  });
});

it('ten thousand files are applied', { timeout: 60_000 }, async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `folder-${index % 100}/file-${index}`);
  const repository = new WorkedRepository({}, { 'folder-0/x': '1' });
  const id = repository.git('rev-parse', `refs/bottles/${SLUG}/HEAD:folder-0/x`);
  const tree = Object.fromEntries(names.map((name) => [name, { mode: '100644', id, content: '' }]));
  repository.bringBack(tree);
  expect((await applyAll(repository)).applied.length).toBe(10_000);
  expect(repository.read('folder-99/file-9999')).toBe('1');
});
