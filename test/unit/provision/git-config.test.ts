import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlanRepo } from '../../../lib/plan/git.ts';
import { gateUrl, gitConfig } from '../../../lib/provision/git-config.ts';

const GATE = 'http://127.0.0.1:9420';
const directory = mkdtempSync(join(tmpdir(), 'bk-git-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function repo(changes: Partial<PlanRepo> = {}): PlanRepo {
  const upstream = { user: 'git', host: 'git.example.com', port: 22, path: '/team/kit.git', ...changes };
  const { user, host, port, path } = upstream;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return {
    ...{
      name: 'kit',
      hostKey: 'ssh-ed25519 AAAA',
      scheme: 'ssh' as const,
      key: { kind: 'static' as const, file: '/key' },
      push: false,
      extraHosts: {},
    },
    ...{ url: `ssh://${user}@${bracketed}:${port}${path}`, ...upstream },
  };
}

function httpsRepo(): PlanRepo {
  const key = { kind: 'token' as const, slot: 'GIT_TOKEN_0', variable: 'T', username: 'bot@x' };
  const url = 'https://git.example.com:8443/team/kit.git';
  return { ...repo({ user: '', port: 8443 }), scheme: 'https', hostKey: '', url, key };
}

/** Runs git with the configuration that an agent would have. */
async function git(config: string, ...args: string[]): Promise<string> {
  const file = join(directory, 'gitconfig');
  writeFileSync(file, config);
  const env = { PATH: process.env.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: file };
  return (await execa('git', args, { cwd: directory, env, extendEnv: false })).stdout;
}

/** What git turns a URL into. */
const goesTo = (repos: PlanRepo[], url: string) =>
  git(gitConfig({ git: repos }, GATE), 'ls-remote', '--get-url', url);

describe('the agent’s git configuration', () => {
  it.each([
    'https://git.example.com/team/kit',
    'https://git.example.com/team/kit.git',
    'https://git@git.example.com/team/kit.git',
    'ssh://git@git.example.com/team/kit.git',
    'ssh://git@git.example.com:22/team/kit',
    'git@git.example.com:team/kit.git',
    'git@git.example.com:/team/kit',
  ])('git goes to the gate instead of %s', async (url) => {
    expect(await goesTo([repo()], url)).toBe('http://127.0.0.1:9420/kit.git');
  });

  it.each([
    'https://git.example.com:8443/team/kit',
    'https://git.example.com:8443/team/kit.git',
    'https://git@git.example.com:8443/team/kit.git',
    'https://bot%40x@git.example.com/team/kit.git',
    'https://git.example.com/team/kit',
    'http://git.example.com/team/kit.git',
    'ssh://git@git.example.com/team/kit.git',
    'ssh://git.example.com/team/kit',
    'git@git.example.com:team/kit.git',
    'git@git.example.com:/team/kit',
  ])('git goes to the gate of an HTTPS upstream instead of %s', async (url) => {
    expect(await goesTo([httpsRepo()], url)).toBe('http://127.0.0.1:9420/kit.git');
  });

  it.each([
    'ssh://git@git.example.com:8443/team/kit.git',
    'https://git.example.com:9443/team/kit',
    'https://git.example.com/team/other',
  ])('%s stays as it is beside an HTTPS upstream', async (url) => {
    expect(await goesTo([httpsRepo()], url)).toBe(url);
  });

  it('every spelling of every upstream leads to its own repository', async () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9_~-]{0,6}$/);
    const upstream = fc.record({
      user: fc.constantFrom('git', 'deploy-bot'),
      host: fc.constantFrom('git.example.com', 'forge.lan', 'fd00::7'),
      port: fc.constantFrom(22, 2222),
      path: fc.tuple(fc.array(word, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '.git')),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(upstream, { minLength: 1, maxLength: 4, selector }), async (all) => {
        const repos = all.map(({ path: [words, end], ...more }, index) =>
          repo({ ...more, name: `r${index}`, path: `/${words.join('/')}${end}` }),
        );
        for (const one of repos) {
          const { user, host, port, path } = one;
          const name = host.includes(':') ? `[${host}]` : host;
          const bare = path.slice(1).replace(/\.git$/, '');
          const beginnings = [
            ...[`https://${name}/`, `https://${user}@${name}/`, `ssh://${user}@${name}/`],
            ...[`ssh://${user}@${name}:${port}/`, `${user}@${name}:`, `${user}@${name}:/`],
          ];
          for (const beginning of beginnings) {
            for (const end of ['', '.git']) {
              expect(await goesTo(repos, beginning + bare + end)).toBe(gateUrl(GATE, one));
            }
          }
        }
      }),
      { numRuns: 8 },
    );
  });

  it.each([
    'https://git.example.com/team/other.git',
    'https://github.com/team/kit.git',
    'git@git.example.com:other/kit.git',
    'other@git.example.com:team/kit.git',
  ])('%s stays as it is', async (url) => {
    expect(await goesTo([repo()], url)).toBe(url);
  });

  it('git reaches the gate without a proxy, and asks no program for a password', async () => {
    const config = gitConfig({ git: [repo()] }, GATE);
    expect(await git(config, 'config', '--get-urlmatch', 'http.proxy', `${GATE}/kit.git`)).toBe('');
    expect(await git(config, 'config', '--get', 'core.askPass')).toBe('');
  });

  it('the author’s name arrives in git as it is, whatever it contains', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (name) => {
        fc.pre(!/\p{Cc}/u.test(name));
        const config = gitConfig({ git: [], gitUser: { name, email: 'a@example.com' } });
        expect(await git(config, 'config', '--null', '--get', 'user.name')).toBe(`${name}\0`);
      }),
      { numRuns: 20 },
    );
  });

  it('an identity alone sets nothing else', () => {
    expect(gitConfig({ git: [], gitUser: { email: 'a@example.com' } })).toBe(
      '[user]\n\temail = "a@example.com"\n',
    );
  });
});

/** Repositories that differ only in what a spelling leaves out would share it; the first one has it. */
function selector({ host, path: [words] }: { host: string; path: [string[], string] }): string {
  return `${host}/${words.join('/')}`;
}
