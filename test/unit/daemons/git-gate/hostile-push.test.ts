import { createHash } from 'node:crypto';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitOk } from '../../../support/git-gate/agent-git.ts';
import { makeScene, type Scene } from '../../../support/git-gate/scene.ts';

const EMPTY_BLOB = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';
const NONE = '0'.repeat(40);
const PACK_HEAD = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
/** A pack without objects: those of the commands are there already. */
const EMPTY_PACK = Buffer.concat([PACK_HEAD, createHash('sha1').update(PACK_HEAD).digest()]);

describe('a hostile push', () => {
  let scene: Scene;
  let before = '';
  beforeAll(async () => {
    scene = await makeScene();
    await scene.clone();
    before = await gitOk(scene.upstream.repository, 'for-each-ref');
  });
  afterAll(() => scene.close());

  /** Neither upstream nor the mirror has anything of it, and the next push works. */
  async function leftNothing(): Promise<void> {
    expect(await gitOk(scene.upstream.repository, 'for-each-ref')).toBe(before);
    const mirror = join(scene.directory, 'mirrors', 'kit.git');
    expect(await gitOk(mirror, 'for-each-ref')).toBe(before);
  }

  /** Sends a push request as no git would make it. @returns what the gate answered */
  async function rawPush(...commands: Buffer[]): Promise<string> {
    const line = (content: Buffer) => [
      Buffer.from((content.length + 4).toString(16).padStart(4, '0')),
      content,
    ];
    const body = Buffer.concat([...commands.flatMap(line), Buffer.from('0000'), EMPTY_PACK]);
    const answer = await fetch(`${scene.url}/kit.git/git-receive-pack`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-git-receive-pack-request' },
      body,
      signal: AbortSignal.timeout(10_000),
    }).then(
      (response) => response.text(),
      () => 'no whole answer',
    );
    return answer;
  }

  const command = (old: string, id: string, ref: string) =>
    Buffer.from(`${old} ${id} ${ref}\0report-status side-band-64k object-format=sha1`);

  it.each([
    ['a line break', 'refs/heads/a\nb'],
    ['an option', '--upload-pack=touch'],
    ['two dots', 'refs/heads/../../config'],
    ['a component .git that is locked', 'refs/heads/x.lock'],
    ['a control character', 'refs/heads/\x1b]0;x'],
    ['a space', 'refs/heads/a b'],
    ['a ref of the gate itself', 'HEAD'],
    ['a path', '/etc/passwd'],
    ['more than a name may have', `refs/heads/${'x'.repeat(1100)}`],
    ['no UTF-8', Buffer.from('refs/heads/\xff\xfe', 'latin1').toString('latin1')],
  ])('to a ref whose name is %s is refused', async (_, ref) => {
    const id = await gitOk(scene.upstream.repository, 'rev-parse', 'main');
    const bytes = Buffer.concat([
      Buffer.from(`${NONE} ${id} `),
      Buffer.from(ref, 'latin1'),
      Buffer.from('\0report-status side-band-64k object-format=sha1'),
    ]);
    const answer = await rawPush(bytes);
    expect(answer).not.toContain(`ok ${ref}`);
    await leftNothing();
  });

  it('to a branch named like an option goes upstream under that name and is no option', async () => {
    const id = await gitOk(scene.work, 'rev-parse', 'HEAD');
    const name = 'refs/heads/--receive-pack=touch';
    expect(await scene.git('push', 'origin', `HEAD:${name}`)).toMatchObject({ code: 0 });
    expect(await scene.upstream.ref(name)).toBe(id);
    await scene.git('push', 'origin', `:${name}`);
    await leftNothing();
  });

  it('of more refs than the gate takes is refused, with the reason', async () => {
    const id = await gitOk(scene.upstream.repository, 'rev-parse', 'main');
    const many = Array.from({ length: 2001 }, (_, index) => command(NONE, id, `refs/heads/many/${index}`));
    expect(await rawPush(...many)).toMatch(/more than 2000/);
    await leftNothing();
  });

  it('of objects that were never sent is refused', async () => {
    expect(await rawPush(command(NONE, '1'.repeat(40), 'refs/heads/topic'))).not.toContain(
      'ok refs/heads/topic',
    );
    await leftNothing();
  });

  const blob = (name: string) => ({ mode: '100644', type: 'blob', id: EMPTY_BLOB, name });
  it.each([
    ['.git', blob('.git')],
    ['.GIT', blob('.GIT')],
    ['git~1, its short name on Windows', blob('git~1')],
    ['.git with a character that macOS ignores', blob('.g\\342\\200\\214it')],
    ['..', blob('..')],
    ['a name with a slash', blob('a/../../b')],
    ['.gitmodules as a link', { ...blob('.gitmodules'), mode: '120000' }],
  ])('of a tree with %s is refused by git’s own checks', async (_, { mode, type, id, name }) => {
    const file = join(scene.directory, 'tree');
    const decoded = name.replaceAll(/\\(\d{3})/g, (_escape, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    await writeFile(
      file,
      Buffer.concat([Buffer.from(`${mode} ${decoded}\0`, 'latin1'), Buffer.from(id, 'hex')]),
    );
    await gitOk(scene.work, 'hash-object', '-w', '-t', type, '/dev/null');
    const tree = await gitOk(scene.work, 'hash-object', '-w', '-t', 'tree', '--literally', file);
    const commit = await gitOk(scene.work, 'commit-tree', '-m', 'Evil', tree);
    const { code, said } = await scene.git('push', 'origin', `${commit}:refs/heads/topic`);
    expect(code, said).not.toBe(0);
    expect(said).toMatch(/remote: (error|fatal): /);
    await leftNothing();
  });

  it('with a submodule whose URL is an option is refused', async () => {
    await scene.commit('.gitmodules', '[submodule "a"]\n\tpath = a\n\turl = --upload-pack=touch\n');
    expect((await scene.git('push', 'origin', 'HEAD:refs/heads/topic')).said).toContain('gitmodulesUrl');
    await gitOk(scene.work, 'reset', '-q', '--hard', 'origin/main');
    await leftNothing();
  });

  it('with configuration, filters and URLs that run programs runs nothing at the gate', async () => {
    const proof = join(scene.directory, 'ran');
    const run = `touch '${proof}'`;
    const config = `[core]\n\tsshCommand = ${run}\n\tfsmonitor = ${run}\n[filter "x"]\n\tclean = ${run}\n\tsmudge = ${run}\n`;
    await scene.commit('.gitconfig', config);
    await scene.commit('config', config);
    await scene.commit('.gitattributes', '* filter=x diff=x merge=x text\n');
    await scene.commit('.gitmodules', `[submodule "a"]\n\tpath = a\n\turl = ext::sh -c "${run}"\n`);
    await scene.commit('.lfsconfig', `[lfs]\n\turl = ext::sh -c "${run}"\n`);
    const push = await scene.git('push', 'origin', 'HEAD:refs/heads/topic');
    expect(push, push.said).toMatchObject({ code: 0 });
    await expect(access(proof)).rejects.toThrow();
    await gitOk(scene.work, 'push', '-q', 'origin', ':refs/heads/topic');
    await leftNothing();
  });
});
