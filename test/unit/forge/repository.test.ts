import { expect, it } from 'vitest';
import { DIALECTS } from '../../../lib/forge/dialects.ts';
import type { Forge } from '../../../lib/forge/forges.ts';
import { repositoryOf } from '../../../lib/forge/repository.ts';

it.each<[Forge, string, string | undefined]>([
  ['github', '/team/kit.git', 'team/kit'],
  ['github', '/team/kit', 'team/kit'],
  ['gitea', '//team/kit.git/', 'team/kit'],
  ['gitea', '/team/kit.git.git', 'team/kit.git'],
  ['gitlab', '/group/sub/kit.git', 'group/sub/kit'],
  ['github', '/group/sub/kit.git', undefined],
  ['forgejo', '/kit.git', undefined],
  ['gitlab', '/', undefined],
  ['gitlab', '/team//kit', undefined],
  ['gitlab', '/team/../../admin', undefined],
  ['gitea', '/team/.git', undefined],
])('the repository of %s with the path %s is %s', (forge, path, repository) => {
  expect(repositoryOf(forge, path)).toBe(repository);
});

it.each<[Forge, string, string, string]>([
  ['github', 'https://api.github.com', 'team/kit', 'https://github.com/team/kit/settings/keys'],
  ['github', 'https://ghe.example/api/v3', 'team/kit', 'https://ghe.example/team/kit/settings/keys'],
  ['gitlab', 'https://lab.example/api/v4', 'a/b/kit', 'https://lab.example/a/b/kit/-/settings/repository'],
  ['forgejo', 'https://x.example/git/api/v1', 'a/kit', 'https://x.example/git/a/kit/settings/keys'],
])('people see the keys of %s at %s of %s on %s', (forge, apiUrl, repository, page) => {
  expect(DIALECTS[forge].settingsPage(apiUrl, repository)).toBe(page);
});

it('nothing in a repository’s name can change the address that is asked', () => {
  for (const { keysPath } of Object.values(DIALECTS)) {
    const url = new URL(`https://forge.example/api${keysPath('a?b#c/%2e%2e')}`);
    expect([url.search, url.hash]).toEqual(['', '']);
    expect(url.pathname).toMatch(/^\/api\/(repos|projects)\/a%3Fb%23c(\/|%2F)%252e%252e\/(deploy_)?keys$/);
  }
});
