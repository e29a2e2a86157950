import { expect, it } from 'vitest';
import { freeBytes, nearestExisting } from '../../../lib/prepare/disk.ts';
import { keyFile } from '../../../lib/prepare/git-keys.ts';
import { findSkill } from '../../../lib/prepare/skills.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

it('finds a skill of the kit’s home before one of Claude Code’s', async () => {
  await writeFiles(home.path, { '.claude/skills/review/SKILL.md': '', '.claude/skills/plan/SKILL.md': '' });
  await writeFiles(home.path, { 'home/skills/review/SKILL.md': '', 'home/skills/file': '' });
  expect(await findSkill('review')).toBe(`${home.path}/home/skills/review`);
  expect(await findSkill('plan')).toBe(`${home.path}/.claude/skills/plan`);
  expect(await findSkill('file')).toBeUndefined();
});

it('reads `~/` of a key as the operator’s home, anything relative as of the working directory', () => {
  expect(keyFile('~/.ssh/id', '/project')).toBe(`${home.path}/.ssh/id`);
  expect(keyFile('keys/id', '/project')).toBe('/project/keys/id');
  expect(keyFile('/etc/id', '/project')).toBe('/etc/id');
});

it('measures the disk that a directory will be on, before it is there', async () => {
  expect(await nearestExisting(`${home.path}/not/there/yet`)).toBe(home.path);
  expect(await freeBytes(`${home.path}/not/there/yet`)).toBeGreaterThan(0);
});
