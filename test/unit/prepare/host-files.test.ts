import { expect, it } from 'vitest';
import { freeBytes, nearestExisting } from '../../../lib/prepare/disk.ts';
import { keyFile } from '../../../lib/prepare/git-keys.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

it('keyFile expands `~/` and resolves relative paths from the working directory', () => {
  expect(keyFile('~/.ssh/id', '/project')).toBe(`${home.path}/.ssh/id`);
  expect(keyFile('keys/id', '/project')).toBe('/project/keys/id');
  expect(keyFile('/etc/id', '/project')).toBe('/etc/id');
});

it('freeBytes measures the disk of a directory that does not exist yet', async () => {
  expect(await nearestExisting(`${home.path}/not/there/yet`)).toBe(home.path);
  expect(await freeBytes(`${home.path}/not/there/yet`)).toBeGreaterThan(0);
});
