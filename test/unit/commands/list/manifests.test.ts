import { readdir, readFile, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  editorCommand,
  findEditable,
  openEditor,
  validateManifest,
} from '../../../../lib/commands/edit/edit.ts';
import { type FirstAgent, writeFirstAgent } from '../../../../lib/commands/init/init.ts';
import { loadManifest } from '../../../../lib/manifest/load.ts';
import { manifestSources } from '../../../../lib/manifest/sources.ts';
import { writeFiles } from '../../../support/prepare-scene.ts';
import { useTemporaryHome } from '../../../support/temporary-home.ts';

const home = useTemporaryHome();
const sources = () => manifestSources(path.join(home.path, 'cwd'));

const FIRST: FirstAgent = {
  agent: 'helper',
  bottle: 'box',
  template: 'command',
  command: ['node', '--title=a: b', '#x'],
  dockerfile: './Dockerfile',
  hosts: ['a.example'],
  prompt: 'Be "kind": always.\n---\nIndeed.',
};

describe('init', () => {
  it('writeFirstAgent writes a bottle and an agent that load with the given answers', async () => {
    const files = await writeFirstAgent(FIRST, sources());
    expect(files.map((file) => path.relative(home.path, file))).toEqual([
      'home/bottles/box.md',
      'home/agents/helper.md',
    ]);
    const { agent, bottle } = await loadManifest('helper', sources());
    expect(agent.prompt).toBe(FIRST.prompt);
    expect(bottle.provider).toMatchObject({
      template: 'command',
      command: FIRST.command,
      dockerfile: './Dockerfile',
    });
    expect(bottle.egress.routes).toEqual([{ host: 'a.example' }]);
  });

  it.each(['home/agents/helper.md', 'home/bottles/box.md'])(
    'writeFirstAgent does not overwrite %s',
    async (file) => {
      await writeFiles(home.path, { [file]: 'mine' });
      await expect(writeFirstAgent(FIRST, sources())).rejects.toMatchObject({
        message: expect.stringContaining(`${file} already exists`),
        exitCode: 2,
      });
      expect(await readFile(path.join(home.path, file), 'utf8')).toBe('mine');
    },
  );

  it('writeFirstAgent does not replace a dangling symbolic link', async () => {
    await writeFiles(home.path, { 'home/agents/other.md': '' });
    const link = path.join(home.path, 'home/agents/helper.md');
    await symlink('nowhere.md', link);
    await expect(writeFirstAgent(FIRST, sources())).rejects.toThrow('already exists');
    expect(await readlink(link)).toBe('nowhere.md');
  });

  it('writeFirstAgent leaves no file behind when an answer is invalid', async () => {
    const hosts = ['https://a.example/'];
    await expect(writeFirstAgent({ ...FIRST, hosts }, sources())).rejects.toMatchObject({ exitCode: 65 });
    for (const kind of ['agents', 'bottles'])
      expect(await readdir(path.join(home.path, 'home', kind))).toEqual([]);
  });

  it.each(['../evil', 'A', 'a/b', ''])('writeFirstAgent refuses the name %j', async (agent) => {
    await expect(writeFirstAgent({ ...FIRST, agent }, sources())).rejects.toThrow('is not a valid name');
  });
});

describe('edit', () => {
  it('findEditable finds the operator’s files, but refuses the kit’s examples', async () => {
    await writeFirstAgent(FIRST, sources());
    expect((await findEditable('bottles', 'box', sources())).file).toBe(
      path.join(home.path, 'home/bottles/box.md'),
    );
    await expect(findEditable('agents', 'demo', sources())).rejects.toThrow(/one of the kit’s examples/);
    await expect(findEditable('agents', 'helpr', sources())).rejects.toThrow(/did you mean `helper`/);
  });

  it('editorCommand prefers VISUAL to EDITOR, and splits arguments without a shell', () => {
    expect(editorCommand({ VISUAL: 'code --wait', EDITOR: 'vim' })).toEqual(['code', '--wait']);
    expect(editorCommand({ EDITOR: 'sh -c $(id)' })).toEqual(['sh', '-c', '$(id)']);
    expect(editorCommand({ VISUAL: ' ', EDITOR: '/my\\ programs/ed -w' })).toEqual(['/my programs/ed', '-w']);
    expect(editorCommand({})).toEqual(['vi']);
  });

  it.each([
    ['/nowhere/editor', 'the editor `/nowhere/editor` does not exist', 'Set VISUAL or EDITOR'],
    ['false', 'the editor `false` failed: Command failed with exit code 1', 'was not checked'],
  ])('openEditor reports that the editor %s is missing or failed', async (program, message, hint) => {
    await expect(openEditor('/x', [program])).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it('validateManifest checks that an agent’s bottle exists', async () => {
    await writeFiles(home.path, {
      'home/agents/a.md': '---\nbottle: nxt\n---\n',
      'home/bottles/net.md': '---\nenvv: 1\n---\n',
    });
    const found = await findEditable('agents', 'a', sources());
    await expect(validateManifest('agents', found, sources())).rejects.toThrow(
      /a\.md:2:9.*did you mean `net`/,
    );
    await writeFiles(home.path, { 'home/agents/a.md': '---\nbottle: net\n---\n' });
    await expect(validateManifest('agents', found, sources())).resolves.toBeUndefined();
  });

  it('validateManifest checks a bottle and what it extends', async () => {
    await writeFiles(home.path, {
      'home/bottles/a.md': '---\nextends: b\n---\n',
      'home/bottles/b.md': '---\nenvv: 1\n---\n',
    });
    const found = await findEditable('bottles', 'a', sources());
    await expect(validateManifest('bottles', found, sources())).rejects.toThrow(/b\.md:2:1: envv/);
  });
});
