import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAgents, listBottles, loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, errorOf, workshop } from '../../support/manifest-workspace.ts';

describe('names', () => {
  it.each([
    '../secret',
    '/etc/passwd',
    'a/b',
    '',
    '.',
    'Dev',
    'dev.md',
    'dev\0',
    'a\nb',
    '-dev',
    '\u001b[2J',
  ])('never makes a path of the agent name %j', async (name) => {
    const sources = await workshop({ 'home/secret.md': agentOf('x'), 'home/agents/dev.md': agentOf('x') });
    const error = await errorOf(loadManifest(name, sources));
    expect(error.code).toBe('agent-unknown');
    expect(error.message).not.toContain('\u001b');
  });

  it('lists agents by name, the home first, and leaves out files that are no manifests', async () => {
    const sources = await workshop({
      'home/agents/zed.md': '',
      'home/agents/demo.md': '',
      'home/agents/Upper.md': '',
      'home/agents/notes.txt': '',
      'examples/agents/demo.md': '',
      'examples/agents/alpha.md': '',
    });
    const listed = await listAgents(sources);
    expect(listed.map(({ name, origin }) => `${name} ${origin}`)).toEqual([
      'alpha examples',
      'demo home',
      'zed home',
    ]);
  });

  it('lists nothing when there is no home, no project and no example', async () => {
    const sources = await workshop({});
    expect(await listAgents(sources)).toEqual([]);
    expect(await listBottles(sources)).toEqual([]);
  });

  it('does not hide a broken link in the home behind an example of the same name', async () => {
    const sources = await workshop({ 'home/agents/other.md': '', 'examples/agents/demo.md': agentOf('b') });
    await symlink('/nowhere/at/all', path.join(sources.home, 'agents/demo.md'));
    const error = await errorOf(loadManifest('demo', sources));
    expect(error.code).toBe('manifest-invalid');
    expect(error.message).toContain('cannot be read');
  });
});
