import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { git, gitOk } from '../../../support/git-gate/agent-git.ts';
import { bomb } from '../../../support/git-gate/delta-bomb.ts';
import { SECRET } from '../../../support/git-gate/open-gate.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

const TOKEN = ['sk', 'ant', 'api03', 'q7Rk2mXvB9sLw4TzN8yHc5Jd'].join('-');

describe('secrets in a push', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await makeScene();
    await scene.clone();
  });
  afterEach(() => scene.close());

  /** Pushes HEAD, which must be refused, and returns what the agent was told. */
  async function refused(...refs: string[]): Promise<string> {
    const before = await gitOk(scene.upstream.repository, 'for-each-ref');
    const { code, said } = await scene.git(
      'push',
      'origin',
      ...(refs.length > 0 ? refs : ['HEAD:refs/heads/topic']),
    );
    expect(code).not.toBe(0);
    // The client itself repeats names of refs.
    const told = said.split('\n').filter((line) => line.startsWith('remote:'));
    for (const text of [told.join(), (await scene.audit()).join()]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(TOKEN);
    }
    expect(await gitOk(scene.upstream.repository, 'for-each-ref')).toBe(before);
    return said;
  }

  it('are found in a commit in the middle, and told by commit, file and line', async () => {
    const guilty = await scene.commit('src/config.ts', `one\ntwo\nkey = '${TOKEN}' // gitleaks:allow\n`);
    await scene.commit('src/config.ts', 'one\ntwo\n');
    const said = await refused();
    expect(said).toMatch(/secret: [\w-]+ in src\/config\.ts, line 3, commit/);
    expect(said).toContain(guilty.slice(0, 12));
    expect(said).toContain('git rebase -i');
    // Rewritten, it passes.
    await gitOk(scene.work, 'reset', '--quiet', '--soft', 'origin/main');
    await gitOk(scene.work, 'commit', '--quiet', '-m', 'Clean');
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).toMatchObject({ code: 0 });
  });

  it('are the bottle’s own too, wherever they are', async () => {
    await scene.commit('a.txt', 'a\n', `Subject\n\nMore\n${SECRET}\n`);
    expect(await refused()).toMatch(/known-secret in the message, line 4, of commit/);

    await gitOk(scene.work, 'reset', '--quiet', '--hard', 'origin/main');
    await gitOk(
      scene.work,
      '-c',
      `user.name=${SECRET}`,
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'x',
      `--author=${SECRET} <a@b.test>`,
    );
    expect(await refused()).toMatch(/known-secret in the names of people, or another header, of commit/);

    await gitOk(scene.work, 'reset', '--quiet', '--hard', 'origin/main');
    expect(await refused(`HEAD:refs/heads/${SECRET}`)).toContain(
      'known-secret in the name of a branch or tag',
    );

    await gitOk(scene.work, 'tag', '-a', '-m', `Release ${SECRET}`, 'v1');
    expect(await refused('v1')).toMatch(/known-secret in the message, line 1, of tag object/);

    expect(await refused('-o', SECRET, 'HEAD:refs/heads/topic')).toContain(
      'known-secret in an option of the push',
    );
  });

  it('are those too that replaced others meanwhile', async () => {
    const replaced = 'token-of-tomorrow-blue-whale-0815';
    await mkdir(join(scene.directory, 'slots'));
    await writeFile(join(scene.directory, 'slots', 'EGRESS_TOKEN_0'), replaced);
    await scene.commit('a.txt', `${replaced}\n`);
    const said = await refused();
    expect(said).toContain('known-secret in a.txt, line 1, commit');
    expect(said).not.toContain(replaced);
  });

  it('are found in the name of a file that upstream has under another name', async () => {
    await mkdir(join(scene.work, 'docs'));
    await rename(join(scene.work, 'README'), join(scene.work, 'docs', `${SECRET}.md`));
    await scene.commit('docs/README', 'moved\n');
    expect(await refused()).toMatch(/known-secret in the name of a file in docs, commit/);
  });

  it('are found in packed files, of which no line can be told', async () => {
    await scene.commit('data.bin', gzipSync(`x\n${TOKEN}\n`));
    expect(await refused()).toMatch(/in data\.bin, encoded, packed or binary there, so no line can be told/);
  });

  it('that upstream has already keep nobody from working', async () => {
    const seed = join(scene.directory, 'seed');
    await writeFile(join(seed, 'old.txt'), `${TOKEN}\n`);
    await gitOk(seed, 'add', '.');
    await gitOk(seed, 'commit', '--quiet', '-m', 'Old');
    await gitOk(seed, 'push', '--quiet', scene.upstream.repository, 'main');
    await gitOk(scene.work, 'pull', '--quiet');
    await scene.commit('new.txt', 'new\n');
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).toMatchObject({ code: 0 });
  });
});

describe('what a push may hold', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await makeScene({ limits: { maxBlobBytes: 2000, maxPackBytes: 100_000 } });
    await scene.clone();
  });
  afterEach(() => scene.close());

  it('no file above the limit, which is told by name', async () => {
    await scene.commit('big/file.txt', 'x'.repeat(2001));
    const { code, said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(code).not.toBe(0);
    expect(said).toContain('size: big/file.txt has 2001 bytes; the gate takes 2000 bytes a file');
  });

  it('no more than the gate takes at once', async () => {
    for (let count = 0; count < 60; count += 1) {
      await writeFile(join(scene.work, `${count}.bin`), randomBytes(1900));
    }
    await scene.commit('last', '');
    const { said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(said).toContain('pack exceeds maximum allowed size');
  });

  it('no object that git itself finds fault with', async () => {
    const tree = await gitOk(scene.work, 'rev-parse', 'HEAD^{tree}');
    const path = join(scene.directory, 'broken');
    await writeFile(path, `tree ${tree}\nauthor A 0 +0000\ncommitter A <a@b.test> 0 +0000\n\nx\n`);
    const id = await gitOk(scene.work, 'hash-object', '-t', 'commit', '-w', '--literally', path);
    const { said } = await scene.git('push', 'origin', `${id}:refs/heads/topic`);
    expect(said).toContain('missingEmail');
  });

  it('no delta that grows into gigabytes', async () => {
    const { pack, id } = bomb();
    const command = `${'0'.repeat(40)} ${id} refs/heads/topic\0 report-status side-band-64k`;
    const line = `${(command.length + 4).toString(16).padStart(4, '0')}${command}`;
    const answer = await fetch(`${scene.url}/kit.git/git-receive-pack`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-git-receive-pack-request' },
      body: Buffer.concat([Buffer.from(`${line}0000`), pack]),
    });
    expect(await answer.text()).toMatch(/attempting to allocate \d+ over limit/);
  });

  it('hooks of the repository, which nobody runs', async () => {
    const proof = join(scene.directory, 'ran');
    const hook = `#!/bin/sh\ntouch '${proof}'\n`;
    for (const folder of ['hooks', '.githooks', 'a/.git-hooks']) {
      await mkdir(join(scene.work, folder), { recursive: true });
      for (const name of ['pre-receive', 'update', 'post-receive', 'post-update', 'reference-transaction']) {
        await writeFile(join(scene.work, folder, name), hook);
        await chmod(join(scene.work, folder, name), 0o755);
      }
    }
    await scene.commit('.gitattributes', '* filter=x diff=x merge=x\n');
    expect(await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).toMatchObject({ code: 0 });
    expect((await git(scene.directory, 'hash-object', proof)).code).not.toBe(0);
  });
});
