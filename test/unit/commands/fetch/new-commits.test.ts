import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { newCommits } from '../../../../lib/commands/fetch/new-commits.ts';
import { upstreamTips } from '../../../../lib/workspace/upstream-tips.ts';
import { TestRepository, TWO_COMMITS } from '../../../support/git/repositories.ts';

const SLUG = 'demo-a1b2c';

describe('commits that a bottle has made', () => {
  let repository: TestRepository;
  let mirrors = '';
  beforeEach(async () => {
    repository = await TestRepository.with(`${TWO_COMMITS}
      git checkout -q --detach; for name in one two three; do git commit -q --allow-empty -m $name; done
      git update-ref refs/bottles/${SLUG}/heads/work HEAD; git checkout -q main
      git clone -q --bare . .git/mirrors/kit.git`);
    mirrors = join(repository.root, '.git', 'mirrors');
  });

  const found = async () => newCommits(repository.root, SLUG, await upstreamTips(mirrors));
  const tip = (commit: string, ref: string) =>
    repository.sh(`git push -q .git/mirrors/kit.git refs/bottles/${SLUG}/heads/work${commit}:${ref}`);

  it('are marked where a branch or a tag of an upstream has them, in loose refs and packed ones', async () => {
    const subjects = async () => (await found()).map(({ text, isPushed }) => [text.split(' ')[1], isPushed]);
    expect(await subjects()).toEqual([
      ['three', false],
      ['two', false],
      ['one', false],
    ]);
    await tip('~2', 'refs/heads/agent/deep/one');
    expect((await subjects()).at(-1)).toEqual(['one', true]);
    await tip('~1', 'refs/tags/v2');
    await repository.sh('git -C .git/mirrors/kit.git pack-refs --all');
    expect(await subjects()).toEqual([
      ['three', false],
      ['two', true],
      ['one', true],
    ]);
  });

  it('are not marked by a mirror that is no git, or by its links and its configuration', async () => {
    const mirror = join(mirrors, 'evil.git');
    await mkdir(join(mirror, 'refs', 'heads'), { recursive: true });
    const id = await repository.sh(`git rev-parse refs/bottles/${SLUG}/heads/work`);
    await writeFile(join(mirrors, 'elsewhere'), `${id}\n`);
    await symlink(join(mirrors, 'elsewhere'), join(mirror, 'refs', 'heads', 'link'));
    await symlink('/dev/zero', join(mirror, 'packed-refs'));
    await writeFile(join(mirror, 'refs', 'heads', 'junk'), '--output=/tmp/x\n');
    await writeFile(join(mirror, 'refs', 'heads', 'missing'), `${'1'.repeat(40)}\n`);
    await writeFile(join(mirror, 'config'), '[include]\n\tpath = /dev/zero\n');
    expect((await found()).map(({ isPushed }) => isPushed)).toEqual([false, false, false]);
  });
});
