import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { runsOnHost } from '../../../../lib/commands/apply/runs-on-host.ts';
import type { Change } from '../../../../lib/workspace/changes.ts';
import { applyAll, changesOf } from '../../../support/apply-all.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';
import { SLUG, WorkedRepository } from '../../../support/worked-repository.ts';

useTemporaryHome();

const link = (content: string) => ({ mode: '120000', content });
const executable = (content: string) => ({ mode: '100755', content });

describe('a hostile bottle', () => {
  it.each([
    '.git/hooks/post-checkout',
    '.GIT/config',
    'sub/.git/config',
    'git~1/config',
    '.git /config',
    '.g\u200cit/config',
    '.git::$INDEX_ALLOCATION/config',
    'a\\.git\\config',
  ])('%j is never written', async (name) => {
    const repository = new WorkedRepository({}, { [name]: 'evil', good: '1' });
    const { applied, left } = await applyAll(repository);
    expect([applied, left]).toEqual([['good'], [`${name}: it is inside a git directory`]]);
    expect(repository.read(name)).toBeUndefined();
  });

  it('`..` in a tree leads nowhere', async () => {
    const repository = new WorkedRepository({}, { '../evil': '1', good: '1' });
    expect((await applyAll(repository)).left).toEqual(['../evil: its path leads elsewhere']);
    expect(repository.read('../evil')).toBeUndefined();
  });

  it('nothing is written beyond a link, whether the operator made it or an earlier apply', async () => {
    const outside = mkdtempSync(`${tmpdir()}/outside-`);
    const repository = new WorkedRepository({ 'mine/a': '1' }, { 'mine/a': '2', out: link(outside) });
    rmSync(repository.path('mine'), { recursive: true });
    symlinkSync(outside, repository.path('mine'));
    expect((await applyAll(repository)).left).toEqual(['mine/a: its folder mine is a symbolic link']);
    repository.bringBack({ 'out/evil': '1' });
    repository.git('update-ref', `refs/bottles/${SLUG}/base`, repository.commit({}));
    expect((await applyAll(repository)).left).toEqual(['out/evil: its folder out is a symbolic link']);
    expect(readdirSync(outside)).toEqual([]);
  });

  it('nothing is written into another repository inside this one', async () => {
    const repository = new WorkedRepository({}, { 'nested/evil': '1' });
    mkdirSync(repository.path('nested/.git'), { recursive: true });
    expect((await applyAll(repository)).left).toEqual(['nested/evil: nested is another repository']);
  });

  it('neither hooks nor attributes of the bottle start a program', async () => {
    const repository = new WorkedRepository(
      { a: '1' },
      { a: '2', '.gitattributes': '* filter=evil diff=evil merge=evil\n' },
    );
    const hook = (name: string) => {
      repository.write(`.git/hooks/${name}`, `#!/bin/sh\ntouch ${repository.path('pwned')}\n`);
      chmodSync(repository.path(`.git/hooks/${name}`), 0o755);
    };
    for (const name of ['post-checkout', 'post-index-change', 'pre-commit', 'post-merge']) hook(name);
    expect((await applyAll(repository)).left).toEqual([]);
    expect(repository.read('pwned')).toBeUndefined();
  });

  it.each([
    ['.github/workflows/ci.yml', true],
    ['deep/.vscode/tasks.json', true],
    ['MakeFile', true],
    ['packages/x/package.json', true],
    ['CLAUDE.md', true],
    ['src/main.ts', false],
  ])('whether %j is marked: %j', async (name, marked) => {
    const [change] = await changesOf(new WorkedRepository({}, { [name]: '{}' }));
    expect(runsOnHost(change as Change)).toBe(marked);
  });

  it('a file that becomes executable is marked', async () => {
    const [change] = await changesOf(new WorkedRepository({ 'x.sh': '1' }, { 'x.sh': executable('1') }));
    expect(runsOnHost(change as Change)).toBe(true);
  });
});
