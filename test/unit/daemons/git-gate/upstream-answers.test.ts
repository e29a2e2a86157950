import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

describe('what upstream answers to a push', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await makeScene();
    await scene.clone();
  });
  afterEach(() => scene.close());

  it('reaches the agent word for word, with its messages', async () => {
    await scene.upstream.hook('update', 'echo "only on Mondays"; [ "$1" != refs/heads/no ]');
    await scene.commit('a.txt', 'a\n');
    const { code, said } = await scene.git('push', 'origin', 'HEAD:refs/heads/no', 'HEAD:refs/heads/yes');
    expect(code).not.toBe(0);
    expect(said).toContain('remote: only on Mondays');
    expect(said).toContain('! [remote rejected] HEAD -> no (hook declined)');
    expect(said).toMatch(/\* \[new branch\] +HEAD -> yes/);
    expect(await scene.upstream.ref('refs/heads/no')).toBe('');
    expect(await scene.upstream.ref('refs/heads/yes')).not.toBe('');
    const { refs } = await scene.audited({ event: 'push', verdict: 'fail' });
    expect(refs).toMatchObject([{ taken: false, said: 'hook declined' }, { taken: true }]);
  });

  it('is its refusal of what is no fast-forward', async () => {
    await gitOk(scene.upstream.repository, 'config', 'receive.denyNonFastForwards', 'true');
    await scene.commit('a.txt', 'a\n');
    await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    const before = await scene.upstream.ref('refs/heads/topic');
    await gitOk(scene.work, 'commit', '--quiet', '--amend', '-m', 'Again');
    const { said } = await scene.git('push', '--force', 'origin', 'HEAD:refs/heads/topic');
    expect(said).toContain('! [remote rejected] HEAD -> topic (non-fast-forward)');
    expect(await scene.upstream.ref('refs/heads/topic')).toBe(before);
    // The mirror has not moved either: a fetch shows what upstream has.
    expect(await gitOk(scene.work, 'ls-remote', 'origin', 'refs/heads/topic')).toContain(before);
  });

  it('is that it has moved on, when somebody else pushed between', async () => {
    const { repository } = scene.upstream;
    const moved = await gitOk(repository, 'commit-tree', '-p', 'main', '-m', 'Theirs', 'main^{tree}');
    // Moves upstream after the mirror was brought up to date for this very push.
    await scene.commit('a.txt', 'a\n');
    const hook = `${scene.work}/.git/hooks/pre-push`;
    await writeFile(hook, `#!/bin/sh\ngit -C '${repository}' update-ref refs/heads/main ${moved}\n`, {
      mode: 0o755,
    });
    const { said } = await scene.git('push', 'origin', 'HEAD:main');
    expect(said).toContain('(stale info)');
    expect(said).toContain('remote: git gate: upstream has moved on; fetch, and push again');
    expect(await scene.upstream.ref('refs/heads/main')).toBe(moved);
  });

  it('is all or nothing when the agent pushes so', async () => {
    await scene.upstream.hook('update', '[ "$1" != refs/heads/no ]');
    await scene.commit('a.txt', 'a\n');
    await scene.git('push', '--atomic', 'origin', 'HEAD:refs/heads/no', 'HEAD:refs/heads/yes');
    expect(await scene.upstream.ref('refs/heads/yes')).toBe('');
  });

  it('gets the options of the push', async () => {
    await gitOk(scene.upstream.repository, 'config', 'receive.advertisePushOptions', 'true');
    await scene.upstream.hook('pre-receive', 'echo "got $GIT_PUSH_OPTION_COUNT: $GIT_PUSH_OPTION_0"');
    await scene.commit('a.txt', 'a\n');
    const { said } = await scene.git('push', '-o', 'ci.skip', 'origin', 'HEAD:refs/heads/topic');
    expect(said).toContain('remote: got 1: ci.skip');
  });

  it('is its silence when it went away between, with what ssh said', async () => {
    await scene.commit('a.txt', 'a\n');
    const hook = `${scene.work}/.git/hooks/pre-push`;
    await writeFile(hook, `#!/bin/sh\ntouch '${scene.directory}/down'\n`, { mode: 0o755 });
    const { code, said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(code).not.toBe(0);
    expect(said).toMatch(/remote rejected.*upstream of kit: ssh: connect to host .* Connection refused/);
  });
});
