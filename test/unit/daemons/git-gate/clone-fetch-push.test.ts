import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

describe('git through the gate', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene();
    await scene.clone();
  });
  afterAll(() => scene.close());

  it('clones what upstream has', async () => {
    expect(await gitOk(scene.work, 'rev-parse', 'HEAD')).toBe(await scene.upstream.ref('refs/heads/main'));
  });

  it('reaches upstream with the key, the known hosts and nothing of the machine', async () => {
    const [call = ''] = await scene.upstream.calls();
    expect(call).toContain(`-F none -i ${scene.directory}/keys/kit -o IdentitiesOnly=yes`);
    expect(call).toContain(`-o UserKnownHostsFile=${scene.directory}/known_hosts`);
    expect(call).toContain('-o StrictHostKeyChecking=yes -o BatchMode=yes -o ConnectTimeout=10');
  });

  it('pushes to upstream and to the mirror in one operation', async () => {
    const id = await scene.commit('a.txt', 'a\n');
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).toMatchObject({ code: 0 });
    expect(await scene.upstream.ref('refs/heads/topic')).toBe(id);
    expect(await gitOk(scene.work, 'ls-remote', 'origin', 'refs/heads/topic')).toContain(id);
  });

  it('fetches what others pushed to upstream meanwhile, new default branch and removals too', async () => {
    const { repository } = scene.upstream;
    await gitOk(repository, 'branch', 'other', 'main');
    await gitOk(repository, 'branch', '--delete', '--force', 'topic');
    await gitOk(repository, 'symbolic-ref', 'HEAD', 'refs/heads/other');
    const listed = await gitOk(scene.work, 'ls-remote', '--symref', 'origin');
    expect(listed).toContain('ref: refs/heads/other\tHEAD');
    expect(listed).not.toContain('refs/heads/topic');
    await gitOk(repository, 'symbolic-ref', 'HEAD', 'refs/heads/main');
  });

  it('deletes, moves by force, and takes tags and several refs at once', async () => {
    await scene.commit('b.txt', 'b\n');
    await gitOk(scene.work, 'tag', '-a', '-m', 'Release', 'v1');
    expect(
      await scene.git('push', 'origin', 'HEAD:refs/heads/one', 'HEAD:refs/heads/two', 'v1'),
    ).toMatchObject({
      code: 0,
    });
    expect(await scene.upstream.ref('refs/tags/v1')).not.toBe('');
    await gitOk(scene.work, 'commit', '--quiet', '--amend', '-m', 'Again');
    expect(await scene.git('push', '--force', 'origin', 'HEAD:refs/heads/one')).toMatchObject({ code: 0 });
    expect(await scene.upstream.ref('refs/heads/one')).toBe(await gitOk(scene.work, 'rev-parse', 'HEAD'));
    expect(await scene.git('push', 'origin', '--delete', 'two')).toMatchObject({ code: 0 });
    expect(await scene.upstream.ref('refs/heads/two')).toBe('');
  });

  it('takes a push of more than git sends in one piece', async () => {
    const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 2654435761) >>> 13));
    const id = await scene.commit('noise.bin', noise);
    expect(
      await scene.git('-c', 'core.compression=0', 'push', 'origin', 'HEAD:refs/heads/large'),
    ).toMatchObject({
      code: 0,
    });
    expect(await scene.upstream.ref('refs/heads/large')).toBe(id);
  });

  it('shares one refresh between those who fetch at once', async () => {
    const before = (await scene.upstream.calls()).length;
    await Promise.all(Array.from({ length: 6 }, () => gitOk(scene.work, 'ls-remote', 'origin')));
    // Who comes when the first is done already begins another.
    expect((await scene.upstream.calls()).length - before).toBeLessThan(6);
  });

  it('says why when upstream cannot be reached, and hands out nothing', async () => {
    await scene.upstream.setReachable(false);
    const { code, said } = await scene.git('fetch', 'origin');
    expect(code).not.toBe(0);
    expect(said).toContain(
      'remote: git gate: kit cannot be brought up to date; upstream of kit: ssh: connect',
    );
    expect(said).toContain('Connection refused');
    await scene.upstream.setReachable(true);
    expect(await scene.git('fetch', 'origin')).toMatchObject({ code: 0 });
  });
});
