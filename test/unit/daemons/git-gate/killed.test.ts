import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { appears } from '../../../support/git-gate/appears.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

const PROGRAM = join(import.meta.dirname, '../../../support/git-gate/gate-process.ts');

describe('a gate that dies', () => {
  let scene: Scene;
  const gates: ChildProcess[] = [];

  async function startGate(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(scene.place)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    gates.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  beforeEach(async () => {
    scene = await makeScene({ hasGate: false });
  });
  afterEach(async () => {
    for (const gate of gates) gate.kill('SIGKILL');
    await scene.close();
  });

  it('in the middle of a push leaves what the next refresh mends', async () => {
    const gate = await startGate();
    await scene.clone();
    const id = await scene.commit('a.txt', 'a\n');
    const [there, go] = [join(scene.directory, 'there'), join(scene.directory, 'go')];
    await scene.upstream.hook('pre-receive', `touch '${there}'; while [ ! -e '${go}' ]; do sleep 0.02; done`);
    const pushing = scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    await appears(there);
    gate.kill('SIGKILL');
    const { code, said } = await pushing;
    expect(code).not.toBe(0);
    expect(said).toContain('fetch to see whether upstream took it');

    await writeFile(go, '');
    while ((await scene.upstream.ref('refs/heads/topic')) === '') await sleep(20);
    await startGate();
    expect(await gitOk(scene.work, 'ls-remote', 'origin', 'refs/heads/topic')).toContain(id);
    const next = await scene.commit('b.txt', 'b\n');
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).toMatchObject({ code: 0 });
    expect(await scene.upstream.ref('refs/heads/topic')).toBe(next);
  });

  it('before a push refuses it, and says so', async () => {
    const gate = await startGate();
    await scene.clone();
    await scene.commit('a.txt', 'a\n');
    const hook = join(scene.work, '.git', 'hooks', 'pre-push');
    // Between the first request of a push and the second.
    await writeFile(hook, `#!/bin/sh\nkill -9 ${gate.pid}\n`, { mode: 0o755 });
    const { code, said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(code).not.toBe(0);
    expect(said).toContain('remote: git gate: it does not answer');
    expect((await scene.git('fetch')).said).toContain('remote: git gate: it is not ready');
  });
});
