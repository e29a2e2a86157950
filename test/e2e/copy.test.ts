import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tarOf } from '../support/hostile-tar.ts';
import { KIT, type Sandbox, useSandboxes } from '../support/kit.ts';

const sandbox = useSandboxes();
let user: Sandbox;
let slug: string;
/** The operator's working directory. */
let here: string;

/** Runs `make cp`'s script in the working directory. */
async function cp(flags: readonly string[], input: string | Buffer = '') {
  const args = [join(KIT, 'scripts', 'cp.ts'), '--bottle', slug, ...flags];
  return execa(process.execPath, args, {
    ...{ cwd: here, env: user.env, extendEnv: false, reject: false, input },
    stripFinalNewline: false,
  });
}

async function copied(from: string, to: string, input?: string | Buffer): Promise<string> {
  const { exitCode, stdout, stderr } = await cp(['--from', from, '--to', to], input);
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

beforeAll(async () => {
  user = sandbox();
  user.smolvm = join(KIT, 'smolvm-fakes', 'bin', 'smolvm-1.9.3');
  // What the agent may do as well: a program of its own comes before tar.
  await user.writeAgent('copy', ['true'], 'env:\n  PATH: "/home/node/bin:$PATH"\n');
  here = join(user.root, 'here');
  await mkdir(here);
  slug = (await user.run('prepare', ['--agent', 'copy'])).stdout.trim();
});
afterAll(async () => {
  await user.run('teardown', ['--bottle', slug]);
});

it('a bottle that is not up, or does not exist, is named with the remedy', async () => {
  const down = await cp(['--from', 'guest:x']);
  expect([down.exitCode, down.stderr]).toEqual([69, expect.stringContaining(`make up BOTTLE=${slug}`)]);
  const { exitCode, stderr } = await user.run('up', ['--bottle', slug]);
  expect(exitCode, stderr).toBe(0);
});

it('a folder goes in and comes back as it was: modes, links, odd names', async () => {
  const folder = join(here, 'my project');
  await mkdir(join(folder, 'sub'), { recursive: true });
  await writeFile(join(folder, 'sub', '-é x'), 'content');
  await writeFile(join(folder, 'run.sh'), '#!/bin/sh\n');
  await chmod(join(folder, 'run.sh'), 0o755);
  await symlink('sub/-é x', join(folder, 'link'));
  await mkdir(join(folder, 'empty'));
  // What is neither file, folder nor link stays out, and does not stop the rest.
  await execa('mkfifo', [join(folder, 'pipe')]);
  await copied('my project', 'guest:~/box');
  await copied('guest:~/box', 'back');
  expect((await readdir(join(here, 'back'))).toSorted()).toEqual(['empty', 'link', 'run.sh', 'sub']);
  expect(await readFile(join(here, 'back', 'link'), 'utf8')).toBe('content');
  expect((await lstat(join(here, 'back', 'link'))).isSymbolicLink()).toBe(true);
  expect((await lstat(join(here, 'back', 'run.sh'))).mode & 0o777).toBe(0o755);
  // Into a folder that exists; what is there already stays.
  await copied('my project', 'guest:~/box');
  await copied('guest:~/box/my project/run.sh', 'back/sub');
  expect((await readdir(join(here, 'back', 'sub'))).toSorted()).toEqual(['-é x', 'run.sh']);
  const again = await cp(['--from', 'guest:~/box', '--to', '.']);
  expect([again.exitCode, (await readdir(here)).toSorted()]).toEqual([0, ['back', 'box', 'my project']]);
  const over = await cp(['--from', 'guest:~/box', '--to', '.']);
  expect([over.exitCode, over.stderr]).toEqual([2, expect.stringContaining('exists already')]);
});

it('streams are files, or archives of folders', async () => {
  await copied('back/empty', 'guest:~/none');
  await copied('guest:~/none', 'none');
  expect(await readdir(join(here, 'none'))).toEqual([]);
  await copied('-', 'guest:~/note', 'a\n\0b');
  expect(await copied('guest:~/note', '-')).toBe('a\n\0b');
  await copied('-', 'guest:~/unpacked/', tarOf([{ path: 'in/archive', content: 'x' }]));
  expect(await copied('guest:~/unpacked/in/archive', '-')).toBe('x');
  const archive = await copied('guest:~/unpacked', '-');
  expect(archive).toContain('./in/archive');
});

it('what the agent may not read, what is not there, and folders over files are refused', async () => {
  await writeFile(join(here, 'file'), 'mine');
  const cases = [
    ['guest:/etc/shadow', 'x', 'Permission denied'],
    ['guest:nowhere', 'x', 'does not exist in the guest'],
    ['guest:/dev/null', 'x', 'neither a file nor a folder'],
    ['guest:~/box', 'file', 'exists already'],
    ['guest:~/note', 'file/', 'does not exist'],
    ['back', 'guest:~/note', 'is no folder'],
    ['file', 'guest:/etc', 'Permission denied'],
  ] as const;
  const ended = await Promise.all(cases.map(([from, to]) => cp(['--from', from, '--to', to])));
  for (const [index, { exitCode, stderr }] of ended.entries()) {
    expect([exitCode === 0, stderr]).toEqual([false, expect.stringContaining(cases[index]?.[2] ?? '')]);
  }
  expect(await readFile(join(here, 'file'), 'utf8')).toBe('mine');
});

it('a guest whose tar sends an attack, or stops early, leaves nothing on the host', async () => {
  const before = (await readdir(here)).toSorted();
  const evil = tarOf([
    { path: 'good', content: 'x' },
    { path: '../evil', content: 'x' },
  ]);
  const cut = tarOf([{ path: 'good', content: 'x'.repeat(900) }]).subarray(0, 600);
  const planted = [
    { path: 'evil/', type: 'Directory', mode: 0o755 },
    { path: 'cut/', type: 'Directory', mode: 0o755 },
    { path: 'evil.tar', content: evil.toString() },
    { path: 'cut.tar', content: cut.toString() },
    // `tar -c -f - -C FOLDER .`
    { path: 'bin/tar', mode: 0o755, content: '#!/bin/sh\nexec cat "$5.tar"\n' },
  ];
  await copied('-', 'guest:~/', tarOf(planted));
  const [first, second] = await Promise.all([
    cp(['--from', 'guest:~/evil', '--to', 'stolen']),
    cp(['--from', 'guest:~/cut', '--to', 'stolen']),
  ]);
  expect([first.exitCode, first.stderr]).toEqual([
    75,
    expect.stringContaining('`../evil` has `..` in its path'),
  ]);
  expect([second.exitCode, second.stderr]).toEqual([75, expect.stringContaining('no whole archive')]);
  expect((await readdir(here)).toSorted()).toEqual(before);
});
