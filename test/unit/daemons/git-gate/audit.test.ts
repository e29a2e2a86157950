import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git, gitOk } from '../../../support/git-gate/agent-git.ts';
import { ALL } from '../../../support/git-gate/open-gate.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

/** Looks like a token of GitHub, and is none. */
const TOKEN = `ghp_${'A1b2C3d4E5f6'.repeat(3)}`;

describe('the audit of the git gate', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene({ push: { ...ALL, branches: ['agent/*'] } });
    await scene.clone();
  });
  afterAll(() => scene.close());

  it.each(['0', '2'])(
    'a fetch by protocol version %s names its branches, bytes and time',
    async (version) => {
      const main = await scene.upstream.ref('refs/heads/main');
      const clone = [
        '-c',
        `protocol.version=${version}`,
        'clone',
        '-q',
        `${scene.url}/kit.git`,
        `v${version}`,
      ];
      await gitOk(scene.directory, ...clone);
      const entry = await scene.audited({ event: 'fetch', repo: 'kit', verdict: 'allow' });
      expect(entry.refs).toEqual([{ ref: 'refs/heads/main', old: null, new: main, taken: null }]);
      expect(entry.sent).toBeGreaterThan(40);
      expect(entry.received).toBeGreaterThan(200);
      expect(entry.reason).toBeNull();
    },
  );

  it('a fetch that compares many commits, in compressed requests, is one line', async () => {
    for (let index = 0; index < 150; index++) {
      await gitOk(scene.work, 'commit', '--quiet', '--allow-empty', '-m', `Local ${index}`);
    }
    const { repository } = scene.upstream;
    const tree = await gitOk(repository, 'rev-parse', 'main^{tree}');
    const id = await gitOk(repository, 'commit-tree', '-p', 'main', '-m', 'Elsewhere', tree);
    await gitOk(repository, 'update-ref', 'refs/heads/elsewhere', id);
    const before = (await scene.audit()).length;
    await gitOk(scene.work, 'fetch', '--quiet', 'origin', 'elsewhere');
    const refs = [{ ref: 'refs/heads/elsewhere', old: null, new: id, taken: null }];
    await scene.audited({ event: 'fetch', refs });
    expect(await scene.audit()).toHaveLength(before + 1);
  });

  it('a push has its refs, their ids before and after, commits, checks and upstream’s answer', async () => {
    await gitOk(scene.work, 'reset', '--quiet', '--hard', 'origin/main');
    const first = await scene.commit('a.txt', 'a\n');
    await gitOk(scene.work, 'push', '-q', 'origin', 'HEAD:refs/heads/agent/a');
    const old = first;
    await scene.commit('b.txt', 'b\n');
    const id = await scene.commit('c.txt', 'c\n');
    await gitOk(scene.work, 'push', '-q', 'origin', 'HEAD:refs/heads/agent/a');
    const refs = [{ ref: 'refs/heads/agent/a', old, new: id, taken: true }];
    const entry = await scene.audited({ event: 'push', refs });
    const checks = ['rules', 'size', 'secret'].map((check) => ({ check, faults: [] }));
    expect(entry).toMatchObject({ verdict: 'allow', reason: null, commits: 2, checks, more_refs: 0 });
    expect(entry.sent).toBeGreaterThan(200);
  });

  it('a refused push has what each check found, and no secret', async () => {
    await scene.commit('settings', `token = "${TOKEN}"\n`);
    await scene.git('push', 'origin', 'HEAD:refs/heads/agent/b', 'HEAD:refs/heads/main');
    const { checks, refs, commits } = await scene.audited({ event: 'push', verdict: 'deny' });
    expect(checks.map(({ check, faults }) => [check, faults.length])).toEqual([
      ['rules', 1],
      ['size', 0],
      ['secret', 1],
    ]);
    expect(refs.map(({ taken }) => taken)).toEqual([null, null]);
    expect(commits).toBe(1);
    expect((await scene.audit()).join()).not.toContain(TOKEN);
  });

  it('a push to a repository without pushes is a line', async () => {
    await git(scene.work, 'push', `${scene.url}/read-only.git`, 'HEAD:refs/heads/x');
    const { reason } = await scene.audited({ event: 'push', repo: 'read-only', verdict: 'deny' });
    expect(reason).toContain('git-gate.repos.read-only.push');
  });

  it('an upstream that cannot be reached is a line, with what ssh said', async () => {
    await scene.upstream.setReachable(false);
    await scene.git('fetch');
    await scene.upstream.setReachable(true);
    const { reason } = await scene.audited({ event: 'fetch', verdict: 'fail' });
    expect(reason).toContain('Connection refused');
  });

  it('a push of more refs than fit has the first, and how many more', async () => {
    await gitOk(scene.work, 'reset', '--quiet', '--hard', 'origin/main');
    const names = Array.from({ length: 60 }, (_, index) => `HEAD:refs/heads/agent/many-${index}`);
    await gitOk(scene.work, 'push', '-q', 'origin', ...names);
    expect((await scene.audited({ event: 'push', more_refs: 10 })).refs).toHaveLength(50);
  });
});
