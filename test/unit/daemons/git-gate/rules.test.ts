import { afterEach, describe, expect, it } from 'vitest';
import type { PushRules } from '../../../../lib/daemons/contract/git-gate/repos.ts';
import { globMatches } from '../../../../lib/daemons/git-gate/judge/glob.ts';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

const NOTHING: PushRules = { branches: null, create: false, force: false, delete: false, tags: false };

let scene: Scene | undefined;
afterEach(() => scene?.close());

/** A clone at a gate with these rules, of an upstream with the branch `topic`, tags `v1`, and a commit to push. */
async function cloneWith(rules: Partial<PushRules>): Promise<Scene> {
  const made = await makeScene({ push: { ...NOTHING, ...rules } });
  scene = made;
  await gitOk(made.upstream.repository, 'branch', 'topic', 'main');
  await gitOk(made.upstream.repository, 'tag', 'v1', 'main');
  await made.clone();
  await made.commit('a.txt', 'a\n');
  return made;
}

const KEY = 'git-gate.repos.kit.push';

describe('rules of pushes', () => {
  it('a push of a branch that upstream has needs no further permission', async () => {
    const { git, upstream, work } = await cloneWith({});
    expect(await git('push', 'origin', 'HEAD:topic')).toMatchObject({ code: 0 });
    expect(await upstream.ref('refs/heads/topic')).toBe(await gitOk(work, 'rev-parse', 'HEAD'));
  });

  it('each refusal is told, with the key that would allow it, all in one message', async () => {
    const { git, upstream, work, audited } = await cloneWith({});
    const before = await gitOk(upstream.repository, 'for-each-ref');
    const old = await gitOk(work, 'commit-tree', '-m', 'Unrelated', 'HEAD^{tree}');
    const refs = [
      'HEAD:main',
      'HEAD:refs/heads/new',
      `+${old}:topic`,
      'HEAD:refs/tags/v2',
      '+HEAD:refs/tags/v1',
    ];
    const { code, said } = await git('push', 'origin', ...refs, 'HEAD:refs/notes/x');
    expect(code).not.toBe(0);
    for (const line of [
      `rules: refs/heads/main: is upstream’s default branch (${KEY}.branches: [main])`,
      `rules: refs/heads/new: new branches may not be made (${KEY}.create: true)`,
      `rules: refs/heads/topic: would drop commits that upstream has (${KEY}.force: true)`,
      `rules: refs/tags/v2: tags may not be pushed (${KEY}.tags: true)`,
      `rules: refs/tags/v1: may not be moved (${KEY}.force: true)`,
      'rules: refs/notes/x: only branches and tags can be pushed',
    ]) {
      expect(said).toContain(line);
    }
    const deletion = await git('push', 'origin', '--delete', 'topic');
    expect(deletion.said).toContain(`refs/heads/topic: may not be deleted (${KEY}.delete: true)`);
    expect(await gitOk(upstream.repository, 'for-each-ref')).toBe(before);
    const line = await audited({ event: 'push', verdict: 'deny', commits: 2 });
    expect(line.refs.map(({ taken }) => taken)).toEqual(Array(6).fill(null));
  });

  it('branches are those of the list alone', async () => {
    const { git } = await cloneWith({ branches: ['agent/*'], create: true });
    expect(await git('push', 'origin', 'HEAD:refs/heads/agent/one')).toMatchObject({ code: 0 });
    const { said } = await git('push', 'origin', 'HEAD:refs/heads/agent/one/more', 'HEAD:topic');
    expect(said).toContain(`refs/heads/agent/one/more: this branch may not be pushed`);
    expect(said).toContain(`refs/heads/topic: this branch may not be pushed (${KEY}.branches: [topic])`);
  });

  it('no option of a push gets past the rules', async () => {
    const { git, upstream } = await cloneWith({});
    const { code, said } = await git('push', '-o', 'merge_request.create', 'origin', 'HEAD:topic');
    expect(code).not.toBe(0);
    expect(said).toContain('rules: of the options of a push, only ci.skip and ci.no_pipeline are passed on');
    expect(await upstream.ref('refs/heads/topic')).toBe(await upstream.ref('refs/heads/main'));
  });

  it('a repository without pushes refuses them before anything is sent', async () => {
    const { git, url } = await cloneWith({});
    const { code, said } = await git('push', `${url}/read-only.git`, 'HEAD:topic');
    expect(code).not.toBe(0);
    expect(said).toContain('remote: git gate: pushes to read-only are off (git-gate.repos.read-only.push)');
  });
});

describe('globMatches', () => {
  it.each([
    ['main', 'main', true],
    ['main', 'main2', false],
    ['agent/*', 'agent/a', true],
    ['agent/*', 'agent/a/b', false],
    ['agent/**', 'agent/a/b', true],
    ['a.c', 'abc', false],
    ['*', 'a/b', false],
    ['x+(y)', 'x+(y)', true],
  ])('%s and %s: %s', (glob, name, matches) => {
    expect(globMatches(glob, name)).toBe(matches);
  });
});
