import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testAuthority } from '../../../support/egress/authority.ts';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { type HttpsScene, makeHttpsScene } from '../../../support/git-gate/https-scene.ts';

const CANNOT = 'remote: git gate: kit cannot be brought up to date; upstream of kit:';

describe('a gate that is not let in', () => {
  let scene: HttpsScene;
  afterEach(() => scene.close());

  /** What the agent sees when it asks for the branches. */
  async function told(...given: Parameters<typeof makeHttpsScene>): Promise<string> {
    scene = await makeHttpsScene(...given);
    await mkdir(scene.work);
    const { code, said } = await scene.git('ls-remote', `${scene.url}/kit.git`);
    expect(code).not.toBe(0);
    return said;
  }

  it('says so, and names the key, but not the token', async () => {
    const said = await told({ https: { token: 'wrong-token-4711' } });
    expect(said).toContain(`${CANNOT} fatal: Authentication failed for 'https://localhost`);
    expect(said).toContain('the upstream does not accept the token of git-gate.repos.kit.key');
    expect(said).not.toContain('wrong-token-4711');
  });

  it('trusts no upstream that only others vouch for, and sends it nothing', async () => {
    const said = await told({ https: { root: testAuthority('Other CA').certificate } });
    expect(said).toContain('server certificate verification failed; neither the public roots nor');
    expect(scene.forge.requests).toEqual([]);
  });

  it('trusts no upstream whose certificate is for another host', async () => {
    const said = await told({ certified: 'other.test' });
    expect(said).toMatch(new RegExp(`${CANNOT} .*certificate`));
    expect(scene.forge.requests).toEqual([]);
  });

  it('does not start without the token, or with one that git cannot send', async () => {
    for (const token of ['', 'two\nlines']) {
      await expect(makeHttpsScene({ https: { token } })).rejects.toThrow(
        'kit: GIT_TOKEN_0 holds no token: it must be printable ASCII without spaces',
      );
    }
    scene = await makeHttpsScene();
  });
});

describe('an upstream by HTTPS that fails', () => {
  let scene: HttpsScene;
  beforeEach(async () => {
    scene = await makeHttpsScene({ times: { askMs: 3000, idleSeconds: 1 } });
    await scene.clone();
  });
  afterEach(() => scene.close());

  /** What the agent sees when it fetches from an upstream that answers so. */
  async function fetched(status: number, body: string, type = 'text/plain'): Promise<string> {
    scene.forge.answer = (_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    const { code, said } = await scene.git('fetch', 'origin');
    expect(code).not.toBe(0);
    return said;
  }

  it('is told by its status, with what it says', async () => {
    expect(await fetched(500, '')).toMatch(new RegExp(`${CANNOT} .* returned error: 500`));
    const said = await fetched(403, 'read the terms first');
    expect(said).toContain('read the terms first');
    expect(said).toContain('the upstream does not let the token of git-gate.repos.kit.key do this');
  });

  it('does not empty the mirror with a page that is none of git', async () => {
    expect(await fetched(200, 'Welcome')).toContain('it does not answer like a git server');
    expect(await fetched(200, '<html>\nWelcome\n</html>\n', 'text/html')).toContain(CANNOT);
    expect(await fetched(200, '0008nope', 'application/x-git-upload-pack-advertisement')).toContain(CANNOT);
    const mirror = `--git-dir=${scene.directory}/mirrors/kit.git`;
    expect(await gitOk(scene.directory, mirror, 'for-each-ref')).toContain('refs/heads/main');
  });

  it('is given up when it is silent', async () => {
    scene.forge.answer = () => {};
    const { said } = await scene.git('fetch', 'origin');
    expect(said).toMatch(new RegExp(`${CANNOT} .*Operation too slow.* the last 1 seconds`));
  });

  it('is given up when it is silent in the middle', async () => {
    scene.forge.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
      response.write('001e# service=git-upload-pack\n');
    };
    expect((await scene.git('fetch', 'origin')).said).toContain(CANNOT);
  });

  it('is given up when it is silent after a push, which the next fetch mends', async () => {
    scene.forge.answer = (request, response) => {
      if (request.method === 'GET' || request.url?.includes('upload-pack'))
        scene.forge.git(request, response);
    };
    await scene.commit('a.txt', 'a\n');
    const { code, said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(code).not.toBe(0);
    expect(said).toMatch(/remote rejected.*upstream of kit: .*Operation too slow/);
    scene.forge.answer = scene.forge.git;
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).toMatchObject({ code: 0 });
  });

  it('says why it refuses a push that the token is not enough for', async () => {
    scene.forge.answer = (request, response) => {
      if (!request.url?.includes('receive-pack')) return scene.forge.git(request, response);
      response.writeHead(403, { 'content-type': 'text/plain' }).end('no write access');
    };
    await scene.commit('a.txt', 'a\n');
    const { code, said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(code).not.toBe(0);
    expect(said).toContain('remote: no write access');
    expect(said).toMatch(/remote rejected.* the upstream does not let the token/);
  });
});
