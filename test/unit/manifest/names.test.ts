import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAgents, listBottles, loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, errorOf, workshop } from '../../support/manifest-workspace.ts';

describe('manifest names', () => {
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
  ])('the agent name %j never becomes a path', async (name) => {
    const sources = await workshop({ 'home/secret.md': agentOf('x'), 'home/agents/dev.md': agentOf('x') });
    const error = await errorOf(loadManifest(name, sources));
    expect(error.code).toBe('agent-unknown');
    expect(error.message).not.toContain('\u001b');
  });

  it('listAgents sorts by name, prefers the home, and skips files that are not manifests', async () => {
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

  it('nothing is listed without home, project and examples', async () => {
    const sources = await workshop({});
    expect(await listAgents(sources)).toEqual([]);
    expect(await listBottles(sources)).toEqual([]);
  });

  it('a broken link in the home is not hidden by an example of the same name', async () => {
    const sources = await workshop({ 'home/agents/other.md': '', 'examples/agents/demo.md': agentOf('b') });
    await symlink('/nowhere/at/all', path.join(sources.home, 'agents/demo.md'));
    const error = await errorOf(loadManifest('demo', sources));
    expect(error.code).toBe('manifest-invalid');
    expect(error.message).toContain('cannot be read');
  });
});
