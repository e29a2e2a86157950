import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseWorkspace, type WorkspaceFlags } from '../../../lib/commands/launch/choose-workspace.ts';
import { BottleError } from '../../../lib/errors.ts';
import { KIT_DIRECTORY } from '../../../lib/host/directories.ts';
import { manifestSources } from '../../../lib/manifest/sources.ts';
import { resolveWorkspace } from '../../../lib/prepare/workspace.ts';
import { errorText } from '../../../lib/terminal/error-text.ts';
import { TestRepository, TWO_COMMITS } from '../../support/git/repositories.ts';
import { writeFiles } from '../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const home = useTemporaryHome();

const FLAGS: WorkspaceFlags = {
  cwd: false,
  'no-cwd': false,
  'cwd-secrets': false,
  'cwd-max-size': undefined,
};
const LIMITS = { takeSecrets: false, maxBytes: 1000 };

async function chosen(cwd: string, flags: Partial<WorkspaceFlags> = {}, agent = 'dev') {
  await writeFiles(home.path, { 'home/agents/dev.md': '---\n{}\n---\n' });
  return chooseWorkspace({ ...FLAGS, ...flags }, { cwd, agent, sources: manifestSources(cwd) });
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  const error: unknown = await work().catch((thrown: unknown) => thrown);
  if (!(error instanceof BottleError)) return 'no error';
  return errorText(error)
    .replaceAll(home.path, '~')
    .replaceAll(KIT_DIRECTORY, 'KIT')
    .replaceAll(/\/tmp\/\S*bk-\w+-\w+/g, 'REPOSITORY');
}

describe('whether the working directory is copied', () => {
  it('it is, in a git repository and below it, unless CWD=0 says otherwise', async () => {
    const { root } = await TestRepository.with(TWO_COMMITS);
    expect(await chosen(root)).toEqual({ takeSecrets: false, maxBytes: 1024 ** 3 });
    expect(await chosen(join(root, 'src'))).toBeDefined();
    expect(await chosen(root, { 'no-cwd': true })).toBeUndefined();
    expect(await chosen(root, { 'cwd-secrets': true, 'cwd-max-size': '2G' })).toEqual({
      takeSecrets: true,
      maxBytes: 2 * 1024 ** 3,
    });
  });

  it('elsewhere it is only with CWD=1; never by itself for the kit, its examples, or a repository in the home directory', async () => {
    const { root } = await TestRepository.with(TWO_COMMITS);
    expect(await chosen(new TestRepository().root)).toBeUndefined();
    expect(await chosen(new TestRepository().root, { cwd: true })).toBeDefined();
    expect(await chosen(KIT_DIRECTORY)).toBeUndefined();
    expect(await chosen(join(KIT_DIRECTORY, 'lib'))).toBeUndefined();
    expect(await chosen(root, {}, 'demo')).toBeUndefined();
    expect(await chosen(root, { cwd: true }, 'demo')).toBeDefined();
    const repository = new TestRepository();
    await repository.sh(`git init -q ${homedir()}`);
    expect(await chosen(homedir())).toBeUndefined();
  });
});

describe('what is copied', () => {
  it('a repository is described with what is changed, left out, and part of commits', async () => {
    const { root } = await TestRepository.with(`${TWO_COMMITS}
      echo k > deploy.key; git add .; git commit -qm key; echo x >> two.txt; echo new > new; echo A=1 > .env`);
    expect(await resolveWorkspace(join(root, 'src'), LIMITS)).toEqual({
      ...{
        kind: 'repository',
        root,
        takeSecrets: false,
        branch: 'main',
        changed: 1,
        untracked: 2,
        submodules: [],
      },
      leftOut: [{ path: '.env', reason: 'secret' }],
      committedSecrets: ['deploy.key'],
    });
  });

  it('a folder is described with its size, without its secrets', async () => {
    const { root } = await TestRepository.with(
      'mkdir a; echo one > a/one; ln -s one a/link; echo A=1 > .env; mkfifo pipe',
    );
    expect(await resolveWorkspace(root, LIMITS)).toMatchObject({
      ...{ kind: 'folder', files: 2, bytes: 7 },
      leftOut: [
        { path: '.env', reason: 'secret' },
        { path: 'pipe', reason: 'name' },
      ],
    });
  });
});

it('messages about the working directory match the golden file', async () => {
  const big = new TestRepository();
  writeFileSync(join(big.root, 'big'), 'x'.repeat(5000));
  mkdirSync(join(home.path, 'home'), { recursive: true });
  const messages: Record<string, () => Promise<unknown>> = {
    'both flags': () => chosen(big.root, { cwd: true, 'no-cwd': true }),
    'a size that is none': () => chosen(big.root, { 'cwd-max-size': 'huge' }),
    'the kit': () => resolveWorkspace(KIT_DIRECTORY, LIMITS),
    'the home directory': () => resolveWorkspace(home.path, LIMITS),
    'the kit’s state': () => resolveWorkspace(join(home.path, 'home'), LIMITS),
    'a folder that is too large': () => resolveWorkspace(big.root, LIMITS),
  };
  const texts: string[] = [];
  for (const [title, work] of Object.entries(messages)) texts.push(`# ${title}\n${await refusal(work)}\n`);
  await expect(texts.join('\n')).toMatchFileSnapshot('golden/workspace.txt');
});
