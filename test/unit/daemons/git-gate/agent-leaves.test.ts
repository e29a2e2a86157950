import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Push } from '../../../../lib/daemons/git-gate/push.ts';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { appears } from '../../../support/git-gate/appears.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

describe('an agent that leaves in the middle of a push', () => {
  let scene: Scene;
  let there: string;
  let go: string;

  beforeEach(async () => {
    scene = await makeScene();
    await scene.clone();
    await scene.commit('a.txt', 'a\n');
    there = join(scene.directory, 'there');
    go = join(scene.directory, 'go');
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await scene.close();
  });

  /** A shell script that says that it runs, and then waits for `go`. */
  const waits = () => `touch '${there}'; while [ ! -e '${go}' ]; do sleep 0.02; done`;

  const startPush = () =>
    spawn('git', ['push', 'origin', 'HEAD:refs/heads/topic'], { cwd: scene.work, detached: true });

  async function kill(client: ChildProcess): Promise<void> {
    const ended = once(client, 'exit');
    process.kill(-(client.pid ?? 0), 'SIGKILL');
    await ended;
  }

  it('does not stop what is on its way upstream, and the mirror gets it too', async () => {
    await scene.upstream.hook('pre-receive', waits());
    const client = startPush();
    await appears(there);
    await kill(client);
    await writeFile(go, '');
    await scene.audited({ event: 'push', verdict: 'allow' });
    expect(await scene.upstream.ref('refs/heads/topic')).not.toBe('');
    const mirror = join(scene.directory, 'mirrors', 'kit.git');
    expect(await gitOk(mirror, 'rev-parse', 'refs/heads/topic')).toBe(
      await gitOk(scene.work, 'rev-parse', 'HEAD'),
    );
  });

  it('has pushed nothing that was not judged yet', async () => {
    const judged = vi.spyOn(Push.prototype, 'judge');
    await writeFile(join(scene.work, '.git', 'hooks', 'pre-push'), `#!/bin/sh\n${waits()}\n`, {
      mode: 0o755,
    });
    const client = startPush();
    await appears(there);
    // A refresh that takes long: the push has to wait for its turn.
    const release = await scene.upstream.hold();
    const before = (await scene.upstream.calls()).length;
    const fetching = scene.git('ls-remote', 'origin');
    while ((await scene.upstream.calls()).length === before) await sleep(20);
    await writeFile(go, '');
    while (judged.mock.calls.length === 0) await sleep(20);
    await kill(client);
    expect((await scene.audited({ event: 'push', verdict: 'fail' })).refs).toMatchObject([{ taken: null }]);
    await release();
    expect(await fetching).toMatchObject({ code: 0 });
    expect(await judged.mock.results[0]?.value).toMatchObject({ ok: false });
    expect(await scene.upstream.ref('refs/heads/topic')).toBe('');
  });
});
