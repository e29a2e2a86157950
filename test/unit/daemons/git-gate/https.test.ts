import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { appears } from '../../../support/git-gate/appears.ts';
import { type HttpsScene, makeHttpsScene } from '../../../support/git-gate/https-scene.ts';

describe('an upstream by HTTPS with a token', () => {
  let scene: HttpsScene;
  beforeEach(async () => {
    scene = await makeHttpsScene();
    await scene.clone();
  });
  afterEach(() => scene.close());

  /** The token as it is, in an URL, and in a header. */
  function needles(): string[] {
    const { token, username } = scene.forge;
    const header = Buffer.from(`${username}:${token}`).toString('base64');
    return [token, encodeURIComponent(token), header, Buffer.from(token).toString('base64url')];
  }

  it('is cloned, pushed to and fetched from', async () => {
    expect(await gitOk(scene.work, 'rev-parse', 'HEAD')).toBe(await scene.upstream.ref('refs/heads/main'));
    const id = await scene.commit('a.txt', 'a\n');
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).toMatchObject({ code: 0 });
    expect(await scene.upstream.ref('refs/heads/topic')).toBe(id);
    await gitOk(scene.upstream.repository, 'branch', 'other', 'topic');
    await gitOk(scene.work, 'fetch', '--quiet', 'origin');
    expect(await gitOk(scene.work, 'rev-parse', 'origin/other')).toBe(id);
  });

  it('takes a push of more than git sends in one piece', async () => {
    const noise = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 2654435761) >>> 13));
    const id = await scene.commit('noise.bin', noise);
    const push = await scene.git('-c', 'core.compression=0', 'push', 'origin', 'HEAD:refs/heads/large');
    expect(push).toMatchObject({ code: 0 });
    expect(await scene.upstream.ref('refs/heads/large')).toBe(id);
  });

  it('is empty at first, and takes the first push', async () => {
    await gitOk(scene.upstream.repository, 'update-ref', '-d', 'refs/heads/main');
    expect(await scene.git('ls-remote', 'origin')).toMatchObject({ code: 0, stdout: '' });
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/main')).toMatchObject({ code: 0 });
  });

  it('leaves no trace of the token: no command line, file, audit or message has it', async () => {
    const [there, go] = [join(scene.directory, 'there'), join(scene.directory, 'go')];
    await scene.upstream.hook('pre-receive', `touch '${there}'; while [ ! -e '${go}' ]; do sleep 0.02; done`);
    await scene.commit('a.txt', 'a\n');
    let isOver = false;
    const commands = commandLines(() => isOver);
    const pushing = scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    await appears(there);
    await writeFile(go, '');
    const { code, said } = await pushing;
    isOver = true;
    const seen = await commands;
    expect(code).toBe(0);
    expect(seen).toContain('git-remote-https');
    const files = await textsBelow([join(scene.directory, 'mirrors'), join(scene.directory, 'run')]);
    expect(files).toContain('hooksPath');
    const audit = (await scene.audit()).join('\n');
    for (const needle of needles()) {
      for (const text of [seen, said, files, audit]) expect(text).not.toContain(needle);
    }
  });

  it('sends the agent no token back, in no form, if it repeats what it was sent', async () => {
    scene.forge.answer = ({ headers }, response) => {
      response.writeHead(403, { 'content-type': 'text/plain' });
      response.end(`You sent ${headers.authorization}\nthat is ${needles().join(' and ')}`);
    };
    const { code, said } = await scene.git('fetch', 'origin');
    expect(code).not.toBe(0);
    expect(said).toContain('You sent Basic');
    for (const needle of needles()) expect(said).not.toContain(needle);
  });

  it('hears nothing of a push that carries the token', async () => {
    await scene.commit('notes.txt', `${Buffer.from(scene.forge.token).toString('hex')}\n`);
    const { code, said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(code).not.toBe(0);
    expect(said).toContain('secret: known-secret in notes.txt, line 1');
    expect(scene.forge.requests.some(({ line }) => line.includes('git-receive-pack'))).toBe(false);
  });

  it.each([301, 307])('is not left when it redirects, with %i', async (status) => {
    const other = await scene.forge.sibling();
    try {
      scene.forge.answer = ({ url = '' }, response) => {
        response.writeHead(status, { location: new URL(url, other.url).href }).end();
      };
      const { code, said } = await scene.git('fetch', 'origin');
      expect(code).not.toBe(0);
      expect(said).toContain('the upstream redirects; git-gate.repos.kit.url must say where it leads');
      expect(other.requests).toEqual([]);
    } finally {
      other.close();
    }
  });
});

/** All command lines that this machine runs until `isOver`. */
async function commandLines(isOver: () => boolean): Promise<string> {
  const seen = new Set<string>();
  while (!isOver()) {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-eo', 'args'], { maxBuffer: 16 << 20 });
    for (const line of stdout.split('\n')) seen.add(line);
    await sleep(5);
  }
  return [...seen].join('\n');
}

async function textsBelow(directories: readonly string[]): Promise<string> {
  const found = await Promise.all(
    directories.map((path) => readdir(path, { recursive: true, withFileTypes: true })),
  );
  const files = found.flat().filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
  );
  return texts.join('\n');
}
