import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitConfig } from '../../../../lib/provision/git-config.ts';
import { gitOk, gitWith } from '../../../support/git-gate/agent-git.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

it('an upstream whose ids are SHA-256 is cloned, and pushes to it are judged', async () => {
  const scene = await makeScene({ hash: 'sha256' });
  try {
    await scene.clone();
    const id = await scene.commit('a.txt', 'a\n');
    expect(id).toHaveLength(64);
    await gitOk(scene.work, 'push', '-q', 'origin', 'HEAD:refs/heads/topic');
    expect(await scene.upstream.ref('refs/heads/topic')).toBe(id);
    await scene.commit('b.txt', `token = "ghp_${'A1b2C3d4E5f6'.repeat(3)}"\n`);
    const { said } = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(said).toMatch(/secret: .* b\.txt, line 1, commit [0-9a-f]+/);
    const { refs } = await scene.audited({ event: 'push', verdict: 'allow' });
    expect(refs).toMatchObject([{ old: null, new: id, taken: true }]);
  } finally {
    await scene.close();
  }
});

describe('kinds of clones through the gate', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene();
    await scene.clone();
    for (const folder of ['docs', 'src']) {
      await scene.commit(`${folder}/one.txt`, `first of ${folder}\n`);
      await scene.commit(`${folder}/one.txt`, `second of ${folder}\n`);
    }
    await gitOk(scene.work, 'tag', '-a', '-m', 'Release', 'v1');
    await gitOk(scene.work, 'push', '-q', 'origin', 'HEAD:main', 'v1');
  });
  afterAll(() => scene.close());

  /** Clones into a directory of this name. @returns its path */
  async function clone(name: string, ...options: string[]): Promise<string> {
    await gitOk(scene.directory, 'clone', '-q', ...options, `${scene.url}/kit.git`, name);
    return join(scene.directory, name);
  }

  /** Commits on a new branch, pushes it, and returns its id. */
  async function work(directory: string, branch: string): Promise<string> {
    await writeFile(join(directory, `${branch}.txt`), 'new\n');
    await gitOk(directory, 'add', '--sparse', `${branch}.txt`);
    await gitOk(directory, 'commit', '-q', '-m', branch);
    await gitOk(directory, 'push', '-q', 'origin', `HEAD:${branch}`);
    return gitOk(directory, 'rev-parse', 'HEAD');
  }

  it('a shallow clone has one commit, can be deepened, and pushes', async () => {
    const shallow = await clone('shallow', '--depth=1');
    expect(await gitOk(shallow, 'rev-list', '--count', 'HEAD')).toBe('1');
    const id = await work(shallow, 'from-shallow');
    expect(await scene.upstream.ref('refs/heads/from-shallow')).toBe(id);
    await gitOk(shallow, 'fetch', '-q', '--unshallow');
    expect(await gitOk(shallow, 'rev-list', '--count', 'HEAD')).toBe('6');
  });

  it('a partial clone gets files when it needs them, and pushes', async () => {
    const partial = await clone('partial', '--filter=blob:none', '--no-checkout');
    const missing = ['rev-list', '--objects', '--missing=print', 'HEAD'];
    expect((await gitOk(partial, ...missing)).match(/^\?/gm)).toHaveLength(5);
    await gitOk(partial, 'checkout', '-q', 'main');
    expect(await gitOk(partial, 'show', 'HEAD~3:docs/one.txt')).toBe('first of docs');
    const id = await work(partial, 'from-partial');
    expect(await scene.upstream.ref('refs/heads/from-partial')).toBe(id);
  });

  it('a sparse clone has the folder that it asks for, and pushes', async () => {
    const sparse = await clone('sparse', '--sparse');
    await gitOk(sparse, 'sparse-checkout', 'set', 'docs');
    expect(await gitOk(sparse, 'ls-files', '-t', '--', 'src', 'docs')).toBe('H docs/one.txt\nS src/one.txt');
    const id = await work(sparse, 'from-sparse');
    expect(await scene.upstream.ref('refs/heads/from-sparse')).toBe(id);
  });

  it('tags come with their messages', async () => {
    const tagged = await clone('tagged', '--branch=v1', '--single-branch');
    expect(await gitOk(tagged, 'tag', '-n', '-l')).toBe('v1              Release');
  });

  it('LFS pointers are files like others; their objects are refused by name', async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 5\n`;
    await scene.commit('movie.bin', pointer);
    await gitOk(scene.work, 'push', '-q', 'origin', 'HEAD:main');
    const other = await clone('lfs');
    expect(`${await gitOk(other, 'show', 'HEAD:movie.bin')}\n`).toBe(pointer);
    const batch = await fetch(`${scene.url}/kit.git/info/lfs/objects/batch`, { method: 'POST', body: '{}' });
    expect([batch.status, await batch.text()]).toEqual([
      404,
      expect.stringContaining('Git LFS is not served'),
    ]);
  });

  it('submodules come by the upstream’s URLs where they are in the gate, and are refused by name where not', async () => {
    const beside = (name: string) => scene.upstream.url.replace(/upstream\.git$/, `${name}.git`);
    const repo = (name: string, url: string) => {
      const { pathname: path, hostname: host } = new URL(url);
      const common = { scheme: 'ssh' as const, user: 'git', host, port: 22, hostKey: '', extraHosts: {} };
      return { ...common, name, url, path, key: { kind: 'static' as const, file: '' }, push: false as const };
    };
    const config = gitConfig(
      { git: [repo('kit', scene.upstream.url), repo('read-only', beside('docs'))] },
      scene.url,
    );
    const file = join(scene.directory, 'agent-config');
    await writeFile(file, config);
    const head = await gitOk(scene.work, 'rev-parse', 'HEAD');
    const modules = [
      ['absolute', beside('docs')],
      ['relative', '../docs.git'],
      ['unknown', '../upstream-more.git'],
    ] as const;
    for (const [name, url] of modules) {
      await gitOk(scene.work, 'config', '-f', '.gitmodules', `submodule.${name}.path`, name);
      await gitOk(scene.work, 'config', '-f', '.gitmodules', `submodule.${name}.url`, url);
      await gitOk(scene.work, 'update-index', '--add', '--cacheinfo', `160000,${head},${name}`);
    }
    await gitOk(scene.work, 'add', '.gitmodules');
    await gitOk(scene.work, 'commit', '-q', '-m', 'Add submodules');
    await gitOk(scene.work, 'push', '-q', 'origin', 'HEAD:main');
    const agent = { GIT_CONFIG_GLOBAL: file };
    await gitWith(agent, scene.directory, 'clone', '-q', scene.upstream.url, 'super');
    const superproject = join(scene.directory, 'super');
    const update = (name: string) => gitWith(agent, superproject, 'submodule', 'update', '--init', name);
    for (const name of ['absolute', 'relative']) {
      expect(await update(name), name).toMatchObject({ code: 0 });
      expect(await gitOk(join(superproject, name), 'rev-parse', 'HEAD')).toBe(head);
    }
    expect((await update('unknown')).said).toContain('git gate: there is no such repository');
  });
});
