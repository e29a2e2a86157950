import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

describe('requests that git does not make', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene({ idleMs: 300 });
    await scene.clone();
  });
  afterAll(() => scene.close());

  /** Sends bytes and returns all that comes back. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(scene.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    return text(socket).catch(() => '');
  }

  /** Command lines of the processes that this scene's git-http has started. */
  async function commandLines(): Promise<string[]> {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = ids.map(async (id) => {
      const [command, environment] = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(join('/proc', id, file), 'latin1').catch(() => '')),
      );
      return environment?.includes(`GIT_PROJECT_ROOT=${scene.directory}`) ? [command ?? ''] : [];
    });
    return (await Promise.all(lines)).flat();
  }

  const get = (target: string, head = '') =>
    raw(`GET ${target} HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n${head}\r\n`);

  it.each([
    '/',
    '/kit.git',
    '/kit.git/HEAD',
    '/kit.git/config',
    '/kit.git/objects/info/packs',
    '/kit.git/info/refs',
    '/kit.git/info/refs?service=git-upload-archive',
    '/kit.git/info/refs?service=git-upload-pack&x=1',
    '/kit.git/../../etc/passwd',
    '/../kit.git/info/refs?service=git-upload-pack',
    '/%2e%2e/kit.git/info/refs?service=git-upload-pack',
    '/kit.git/%2e%2e/x',
    '//kit.git/info/refs?service=git-upload-pack',
    '/other.git/info/refs?service=git-upload-pack',
    '/kit.gitx/info/refs?service=git-upload-pack',
    '/-x.git/info/refs?service=git-upload-pack',
    '/...git/info/refs?service=git-upload-pack',
    'http://other.test/kit.git/info/refs?service=git-upload-pack',
  ])('%s is not found', async (target) => {
    const answer = await get(target);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('git gate: ');
  });

  it('other methods are refused', async () => {
    const answer = await raw(
      'DELETE /kit.git/git-receive-pack HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(await get('/kit.git/git-upload-pack')).toMatch(/^HTTP\/1\.1 405 /);
  });

  it('Git LFS is told what there is instead', async () => {
    const body =
      'POST /kit.git/info/lfs/objects/batch HTTP/1.1\r\nhost: g\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
    const answer = await raw(body);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toContain('GIT_LFS_SKIP_PUSH=1');
  });

  it('garbage ends in an error and not in the server', async () => {
    expect(await raw('\x16\x03\x01 hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await get('/kit.git/HEAD', `x: ${'y'.repeat(20_000)}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    for (const service of ['git-upload-pack', 'git-receive-pack']) {
      const type = `content-type: application/x-${service}-request`;
      const head = `POST /kit.git/${service} HTTP/1.1\r\nhost: g\r\nconnection: close\r\n${type}`;
      await raw(`${head}\r\ncontent-length: 7\r\n\r\ngarbage`);
      await raw(`${head}\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\ngarbage`);
    }
    expect(await scene.git('ls-remote', 'origin')).toMatchObject({ code: 0 });
  });

  it('a body that does not come on is not waited for', async () => {
    const type = 'content-type: application/x-git-receive-pack-request';
    const head = `POST /kit.git/git-receive-pack HTTP/1.1\r\nhost: g\r\n${type}\r\ncontent-length: 100`;
    // Returns at all, without a whole answer.
    expect(await raw(`${head}\r\n\r\n00`)).not.toContain('\r\n0\r\n');
  });

  it('many at once run few processes, pushes fewer, and all are answered', async () => {
    const stalled = (service: string) => {
      const type = `content-type: application/x-${service}-request`;
      return raw(`POST /kit.git/${service} HTTP/1.1\r\nhost: g\r\n${type}\r\ncontent-length: 9\r\n\r\n00`);
    };
    const asked = [
      ...Array.from({ length: 12 }, () => stalled('git-receive-pack')),
      ...Array.from({ length: 40 }, () => stalled('git-upload-pack')),
    ];
    let isOver = false;
    const over = Promise.all(asked).then(() => {
      isOver = true;
    });
    const most = { all: 0, pushes: 0 };
    while (!isOver) {
      const running = await commandLines();
      const pushes = running.filter((line) => line.includes('receive-pack')).length;
      const backends = running.filter((line) => line.includes('http-backend')).length;
      most.all = Math.max(most.all, backends);
      most.pushes = Math.max(most.pushes, pushes);
      await sleep(10);
    }
    await over;
    // git starts http-backend as a process of its own: two each.
    expect(most.all).toBeGreaterThan(4);
    expect(most.all).toBeLessThanOrEqual(2 * 16);
    expect(most.pushes).toBeLessThanOrEqual(2 * 4);
    expect(await scene.git('ls-remote', 'origin')).toMatchObject({ code: 0 });
  });

  it('a variable of the environment cannot be made of a header', async () => {
    const answer = await get('/kit.git/info/refs?service=git-upload-pack', 'git-protocol: version=2\r\n');
    expect(answer).toContain('version 2');
    const other = await get('/kit.git/info/refs?service=git-upload-pack', 'git-protocol: version=2 $(x)\r\n');
    expect(other).not.toContain('version 2');
  });

  it('a compressed request, as git sends long ones, is read', async () => {
    const answer = await fetch(`${scene.url}/kit.git/git-upload-pack`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-git-upload-pack-request',
        'content-encoding': 'gzip',
        'git-protocol': 'version=2',
      },
      body: gzipSync('0014command=ls-refs\n0000'),
    });
    expect(await answer.text()).toContain('refs/heads/main');
  });

  it('an unknown repository is told to the agent, with those that there are', async () => {
    const { said } = await scene.git('ls-remote', `${scene.url}/kits.git`);
    expect(said).toContain(
      'remote: git gate: there is no such repository; there are: /kit.git, /read-only.git',
    );
  });
});
