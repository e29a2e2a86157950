import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSkill } from '../../../lib/skills/find-skill.ts';
import { readSkill } from '../../../lib/skills/read-skill.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { refusal } from '../../support/refusal.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();
const SKILL = '---\nname: review\ndescription: Reviews code.\n---\nRead it twice.\n';
const skill = () => path.join(home.path, 'home/skills/review');
const given = (files: Readonly<Record<string, string>>) =>
  writeFiles(skill(), { 'SKILL.md': SKILL, ...files });

it('findSkill prefers the kit’s home to Claude Code’s skills', async () => {
  await writeFiles(home.path, { '.claude/skills/review/SKILL.md': '', '.claude/skills/plan/SKILL.md': '' });
  await writeFiles(home.path, { 'home/skills/review/SKILL.md': '', 'home/skills/file': '' });
  expect(await findSkill('review')).toBe(`${home.path}/home/skills/review`);
  expect(await findSkill('plan')).toBe(`${home.path}/.claude/skills/plan`);
  expect(await findSkill('file')).toBeUndefined();
});

describe('reading a skill', () => {
  it('its files come with their relative paths, sorted', async () => {
    await given({ 'scripts/run.sh': 'echo', 'notes.md': 'n' });
    const files = await readSkill(skill());
    expect(files.map(({ path: name, content }) => [name, content.toString()])).toEqual([
      ['SKILL.md', SKILL],
      ['notes.md', 'n'],
      ['scripts/run.sh', 'echo'],
    ]);
  });

  it('the directory may be a link, and links inside it are followed', async () => {
    await writeFiles(home.path, { 'source/SKILL.md': SKILL, 'source/docs/a.md': 'a' });
    await symlink('docs', path.join(home.path, 'source/more'));
    await writeFiles(home.path, { 'home/skills/.keep': '' });
    await symlink(path.join(home.path, 'source'), skill());
    expect((await readSkill(skill())).map((file) => file.path)).toEqual([
      'SKILL.md',
      'docs/a.md',
      'more/a.md',
    ]);
  });

  it('a link that leads out of the skill is refused by name', async () => {
    await given({});
    await writeFiles(home.path, { 'home/secret': 's' });
    await symlink('../../secret', path.join(skill(), 'innocent.md'));
    expect(await refusal(readSkill(skill()))).toMatch(
      /skills\/review\/innocent\.md is a link that leads outside/,
    );
  });

  it('a link to a folder above itself is refused rather than followed forever', async () => {
    await given({ 'docs/a.md': 'a' });
    await symlink('..', path.join(skill(), 'docs/up'));
    expect(await refusal(readSkill(skill()))).toMatch(/docs\/up is a link to a folder above it/);
  });

  it('a skill that is too large is refused', async () => {
    await given({ 'big.bin': 'x'.repeat(8 * 1024 * 1024) });
    expect(await refusal(readSkill(skill()))).toMatch(/skills\/review is larger than 8 MiB/);
  });

  it.each([
    ['no SKILL.md', { 'SKILL.md': undefined }, /SKILL\.md does not exist/],
    ['no frontmatter', { 'SKILL.md': 'Read it.' }, /has no frontmatter/],
    ['no description', { 'SKILL.md': '---\nname: review\n---\n' }, /has no `description`/],
  ])('a skill with %s is refused', async (_title, files, message) => {
    const text = files['SKILL.md'];
    await writeFiles(skill(), { 'notes.md': '', ...(text === undefined ? {} : { 'SKILL.md': text }) });
    expect(await refusal(readSkill(skill()))).toMatch(message);
  });
});
