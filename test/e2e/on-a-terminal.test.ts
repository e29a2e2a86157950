import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engineHolds, useSandboxes } from '../support/kit.ts';
import { scriptOnTerminal } from '../support/script-on-terminal.ts';

const sandbox = useSandboxes();

describe('prompts on a terminal', () => {
  it('a launch that is declined starts nothing', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true']);
    const { exitCode, shown } = await scriptOnTerminal(
      user,
      ['launch', '--agent', 'dev'],
      [['Launch? [y/N]', 'n\r']],
    );
    expect(exitCode, shown).toBe(0);
    expect(shown).toContain('not launched');
    expect(await user.bottles()).toEqual([]);
    expect(await engineHolds()).toEqual([]);
  });

  it('answers are not echoed, and Ctrl-C at a prompt leaves nothing behind', async () => {
    const user = sandbox();
    await user.writeAgent('dev', ['true'], 'env:\n  PIN: ?What is the PIN\n  TAN: ?\n');
    const { exitCode, shown } = await scriptOnTerminal(
      user,
      ['launch', '--agent', 'dev', '--yes'],
      [
        ['What is the PIN (PIN):', 'secret-pin\r'],
        ['TAN:', '\u0003'],
      ],
    );
    expect(exitCode, shown).toBe(130);
    expect(shown).not.toContain('secret-pin');
    expect(await user.bottles()).toEqual([]);
  });

  it('an agent can be picked from a list that typing filters', async () => {
    const user = sandbox();
    await user.writeAgent('develop', ['true']);
    const { exitCode, shown } = await scriptOnTerminal(
      user,
      ['launch', '--dry-run'],
      [
        ['develop', 'demo'],
        ['…\r\n\r\n', '\r'],
      ],
    );
    expect(exitCode, shown).toBe(0);
    expect(shown).toMatch(/agent +demo/);
  });

  it('bottles can be picked in order for an agent that names none', async () => {
    const user = sandbox();
    await user.writeAgent('base', ['true']);
    await user.writeManifest('bottles', 'net', '---\nenv: {A: b}\n---\n');
    await user.writeManifest('agents', 'free', '---\n{}\n---\n');
    const { exitCode, shown } = await scriptOnTerminal(
      user,
      ['launch', '--agent', 'free', '--dry-run'],
      [
        // Enter is pressed only after the list was filtered by what was typed.
        ['names no bottle', 'base'],
        ['❯ base\r\n\r\n', '\r'],
        ['base; add another on top?', 'net'],
        ['❯ net\r\n\r\n', '\r'],
        ['base, then net; add another on top?', ''],
        ['❯ no more', '\r'],
      ],
    );
    expect(exitCode, shown).toBe(0);
    expect(shown).toMatch(/bottles +base, then net/);
  });

  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s at a prompt ends launch and init, and nothing is written', async (_title, key) => {
    const user = sandbox();
    const picked = await scriptOnTerminal(user, ['launch'], [['Launch which agent?', key]]);
    expect(picked.exitCode, picked.shown).toBe(130);
    const init = await scriptOnTerminal(
      user,
      ['init', '--agent', 'helper', '--bottle', 'box'],
      [
        ['What runs in it?', '\r'],
        ['What does it sign in with?', '\r'],
        ['Variable of your shell', '\r'],
        ['Dockerfile of its image', key],
      ],
    );
    expect(init.exitCode, init.shown).toBe(130);
    await expect(readdir(user.home)).rejects.toThrow('ENOENT');
  });

  it('init writes both files from the answers, and info shows the agent', async () => {
    const user = sandbox();
    await user.writeAgent('other', ['true']);
    const answers = [
      ['What runs in it?', 'command'],
      ['❯ command\r\n\r\n', '\r'],
      ['Program and arguments', 'node main.mjs\r'],
      ['Dockerfile of its image', '/nowhere/Dockerfile\r'],
      ['Hosts that it may reach', 'a.example\r'],
      ['system prompt', 'Be kind.\r'],
    ] as const;
    const { exitCode, shown } = await scriptOnTerminal(
      user,
      ['init', '--agent', 'helper', '--bottle', 'box'],
      answers,
    );
    expect(exitCode, shown).toBe(0);
    expect(await readFile(join(user.home, 'agents', 'helper.md'), 'utf8')).toBe(
      '---\nbottle: box\n---\nBe kind.\n',
    );
    const info = await user.run('info', ['--agent', 'helper', '--json']);
    expect(JSON.parse(info.stdout)).toContainEqual({
      key: 'egress.routes[0]',
      value: 'a.example',
      from: expect.stringMatching(/bottles\/box\.md:\d+$/),
    });
  });
});
