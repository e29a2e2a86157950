import { describe, expect, it } from 'vitest';
import { reposFile } from '../../../../../lib/daemons/contract/git-gate/repos.ts';

const REPO = {
  name: 'kit',
  url: 'ssh://git@git.example.test:2222/team/kit.git',
  key: { kind: 'file' },
  push: false,
};
const isValid = (repo: object) => reposFile.safeParse({ version: 1, repos: [{ ...REPO, ...repo }] }).success;

describe('repos.json', () => {
  it('has limits where none are given', () => {
    expect(reposFile.parse({ version: 1, repos: [REPO] }).limits.maxBlobBytes).toBe(100 * 1024 * 1024);
  });

  it.each(['..', '.', '...', '-x', 'a/b', '', 'a b', 'a\n'])('a repository cannot be named %j', (name) => {
    expect(isValid({ name })).toBe(false);
  });

  it.each([
    'https://git@host/x',
    'ssh://-oProxyCommand=x@host/x',
    'ssh://git@-oProxyCommand/x',
    'ssh://git@host/x y',
    'ssh://git@host/$(x)',
    "ssh://git@host/'x",
    'ssh://host/x',
    '/etc',
  ])('%s is no upstream', (url) => {
    expect(isValid({ url })).toBe(false);
  });

  it('a key that it does not know is refused, and so are two repositories of one name', () => {
    expect(isValid({})).toBe(true);
    expect(isValid({ ssh: 'x' })).toBe(false);
    expect(reposFile.safeParse({ version: 1, repos: [REPO, { ...REPO, name: 'KIT' }] }).success).toBe(false);
  });
});
