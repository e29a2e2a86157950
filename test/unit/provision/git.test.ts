import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { INCLUDE } from '../../../lib/provision/git.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

async function include(): Promise<void> {
  await writeFile(join(home.path, '.own'), '[user]\n\tname = Bottle\n');
  const env = { PATH: process.env.PATH, HOME: home.path };
  await execa('/bin/sh', ['-ec', INCLUDE, 'sh', '.own'], { env, extendEnv: false });
}

async function git(...args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: home.path, GIT_CONFIG_NOSYSTEM: '1' };
  return (await execa('git', ['config', ...args], { cwd: home.path, env, extendEnv: false })).stdout;
}

it('a home without a git configuration gets one with the kit’s settings', async () => {
  await include();
  expect(await git('--get', 'user.name')).toBe('Bottle');
});

it('an image’s own configuration stays, also when its last line has no end, and the kit’s settings win', async () => {
  await writeFile(join(home.path, '.gitconfig'), '[user]\n\tname = Image\n[alias]\n\tst = status');
  await include();
  expect([await git('--get', 'user.name'), await git('--get', 'alias.st')]).toEqual(['Bottle', 'status']);
});

it('a second time changes nothing', async () => {
  await include();
  const first = await readFile(join(home.path, '.gitconfig'), 'utf8');
  await include();
  expect(await readFile(join(home.path, '.gitconfig'), 'utf8')).toBe(first);
});

it('a configuration that is a link is followed, as the agent alone could', async () => {
  await writeFile(join(home.path, 'dotfiles'), '[alias]\n\tst = status\n');
  await symlink('dotfiles', join(home.path, '.gitconfig'));
  await include();
  expect([await git('--get', 'user.name'), await git('--get', 'alias.st')]).toEqual(['Bottle', 'status']);
});
