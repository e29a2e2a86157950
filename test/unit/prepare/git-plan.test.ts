import { expect, it } from 'vitest';
import { reposFile } from '../../../lib/daemons/contract/git-gate/repos.ts';
import { loadManifest } from '../../../lib/manifest/load.ts';
import type { GitPush } from '../../../lib/manifest/types.ts';
import { pushText } from '../../../lib/plan/git.ts';
import { gateFiles, gitPlan } from '../../../lib/prepare/git-plan.ts';
import { agentOf, workshop, yaml } from '../../support/manifest-workspace.ts';

async function planOf(...lines: string[]) {
  const sources = await workshop({
    'home/agents/dev.md': agentOf('b'),
    'home/bottles/b.md': yaml('git-gate:', ...lines.map((line) => `  ${line}`)),
  });
  return gitPlan(await loadManifest('dev', sources), '/work');
}

const repo = (name: string, url: string, more = '') =>
  `  ${name}: {url: "${url}", host_key: ssh-ed25519 AAAA comment, key: {provider: static, path: keys/${name}}${more}}`;

it('the plan has what the gate needs of each repository, with the path of its key alone', async () => {
  const plan = await planOf(
    'repos:',
    repo('kit', 'ssh://git@Git.Example.com:2222/team/kit.git', ', push: {branches: ["agent/*"], tags: true}'),
  );
  expect(plan).toEqual({
    git: [
      {
        name: 'kit',
        url: 'ssh://git@Git.Example.com:2222/team/kit.git',
        ...{ scheme: 'ssh', user: 'git', host: 'git.example.com', port: 2222, path: '/team/kit.git' },
        hostKey: 'ssh-ed25519 AAAA',
        key: { kind: 'static', file: '/work/keys/kit' },
        push: { branches: ['agent/*'], create: true, force: false, delete: false, tags: true },
        extraHosts: {},
      },
    ],
  });
});

it('the gate’s files are what its daemons read, and pin each upstream’s key as ssh looks it up', async () => {
  const plan = await planOf(
    'repos:',
    repo('kit', 'ssh://git@git.example.com:2222/kit.git'),
    repo('docs', 'ssh://git@git.example.com/docs.git', ', push: false'),
    repo('more', 'ssh://git@git.example.com/more.git'),
  );
  const files = gateFiles({ ...plan, daemons: ['git-gate', 'supervise'] });
  expect(files.known_hosts).toBe(
    '[git.example.com]:2222 ssh-ed25519 AAAA\ngit.example.com ssh-ed25519 AAAA\n',
  );
  const { repos } = reposFile.parse(JSON.parse(files['repos.json'] ?? ''));
  expect(repos.map(({ name, push }) => [name, push === false ? false : push.branches])).toEqual([
    ['kit', null],
    ['docs', false],
    ['more', null],
  ]);
  expect(files['repos.json']).not.toContain('/work/keys');
});

it('a token and a deploy key are planned by the names of their variables', async () => {
  const plan = await planOf(
    'repos:',
    '  web: {url: "https://git.example.com/web.git", key: {provider: token, token_ref: WEB}}',
    '  site: {url: "https://git.example.com/site.git", key: {provider: token, token_ref: WEB, username: bot}}',
    ...['github', 'gitlab', 'forgejo'].map(
      (forge) =>
        `  ${forge}: {url: "ssh://git@${forge}.com/team/app.git", host_key: ssh-rsa AA, key: {provider: ${forge}, token_ref: T}}`,
    ),
  );
  expect(plan.git.map(({ key }) => key)).toEqual([
    { kind: 'token', slot: 'GIT_TOKEN_0', variable: 'WEB' },
    { kind: 'token', slot: 'GIT_TOKEN_0', variable: 'WEB', username: 'bot' },
    {
      kind: 'deploy',
      forge: 'github',
      apiUrl: 'https://api.github.com',
      repository: 'team/app',
      variable: 'T',
    },
    {
      kind: 'deploy',
      forge: 'gitlab',
      apiUrl: 'https://gitlab.com/api/v4',
      repository: 'team/app',
      variable: 'T',
    },
    {
      kind: 'deploy',
      forge: 'forgejo',
      apiUrl: 'https://forgejo.com/api/v1',
      repository: 'team/app',
      variable: 'T',
    },
  ]);
  const { repos } = reposFile.parse(
    JSON.parse(gateFiles({ ...plan, daemons: ['git-gate', 'supervise'] })['repos.json'] ?? ''),
  );
  expect(repos.map(({ key }) => key)).toEqual([
    { kind: 'token', slot: 'GIT_TOKEN_0', username: 'git' },
    { kind: 'token', slot: 'GIT_TOKEN_0', username: 'bot' },
    ...Array.from({ length: 3 }, () => ({ kind: 'file' })),
  ]);
});

it('an author is planned without any repository', async () => {
  expect(await planOf('user: {email: a@example.com}')).toEqual({
    git: [],
    gitUser: { email: 'a@example.com' },
  });
  expect(await planOf('user:')).toEqual({ git: [] });
});

it.each<[GitPush, string]>([
  [false, 'read-only'],
  [
    { branches: null, create: true, force: false, delete: false, tags: false },
    'push: any branch but the default one',
  ],
  [{ branches: [], create: true, force: false, delete: false, tags: false }, 'push: no branch'],
  [
    { branches: ['agent/*', 'wip'], create: false, force: true, delete: true, tags: true },
    'push: agent/*, wip, no new branches, may force, may delete, tags',
  ],
])('what a push may do is said in words: %j', (push, words) => {
  expect(pushText(push)).toBe(words);
});
