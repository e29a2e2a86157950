import { expect, it } from 'vitest';
import { freeBytes, nearestExisting } from '../../../lib/prepare/disk.ts';
import { keyFile } from '../../../lib/prepare/git-keys.ts';
import { findSkill } from '../../../lib/prepare/skills.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

it('findSkill prefers the kit’s home to Claude Code’s skills', async () => {
  await writeFiles(home.path, { '.claude/skills/review/SKILL.md': '', '.claude/skills/plan/SKILL.md': '' });
  await writeFiles(home.path, { 'home/skills/review/SKILL.md': '', 'home/skills/file': '' });
  expect(await findSkill('review')).toBe(`${home.path}/home/skills/review`);
  expect(await findSkill('plan')).toBe(`${home.path}/.claude/skills/plan`);
  expect(await findSkill('file')).toBeUndefined();
});

it('keyFile expands `~/` and resolves relative paths from the working directory', () => {
  expect(keyFile('~/.ssh/id', '/project')).toBe(`${home.path}/.ssh/id`);
  expect(keyFile('keys/id', '/project')).toBe('/project/keys/id');
  expect(keyFile('/etc/id', '/project')).toBe('/etc/id');
});

it('freeBytes measures the disk of a directory that does not exist yet', async () => {
  expect(await nearestExisting(`${home.path}/not/there/yet`)).toBe(home.path);
  expect(await freeBytes(`${home.path}/not/there/yet`)).toBeGreaterThan(0);
});
