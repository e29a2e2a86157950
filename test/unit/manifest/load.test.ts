import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listAgents, loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, errorOf, textOf, workshop } from './workshop.ts';

const FULL_BOTTLE = `---
env:
  GREETING: hello
  PASSED_ON: \${HOST_NAME}
  NOT_WHOLE: prefix-\${HOST_NAME}
egress:
  routes:
    - host: API.example.com
      auth: {scheme: Bearer, token_ref: EXAMPLE_TOKEN}
    - host: docs.example.com
agent_provider:
  template: command
  command: [node, /opt/main.mjs, "two words"]
  dockerfile: ./Dockerfile
---
Notes for people.
`;

describe('loading a manifest', () => {
  it('gives the agent with its prompt and the bottle with all that was written', async () => {
    const sources = await workshop({
      'home/agents/dev.md': '---\nbottle: full\n---\n\n  You are careful.\n\nVery.\n\n',
      'home/bottles/full.md': FULL_BOTTLE,
    });
    expect(await loadManifest('dev', sources)).toEqual({
      agent: {
        name: 'dev',
        file: path.join(sources.home, 'agents/dev.md'),
        origin: 'home',
        prompt: 'You are careful.\n\nVery.',
      },
      bottle: {
        name: 'full',
        file: path.join(sources.home, 'bottles/full.md'),
        origin: 'home',
        env: {
          GREETING: { kind: 'literal', value: 'hello' },
          PASSED_ON: { kind: 'host', variable: 'HOST_NAME' },
          NOT_WHOLE: { kind: 'literal', value: `prefix-${'$'}{HOST_NAME}` },
        },
        routes: [
          { host: 'api.example.com', auth: { scheme: 'Bearer', tokenRef: 'EXAMPLE_TOKEN' } },
          { host: 'docs.example.com' },
        ],
        provider: {
          template: 'command',
          command: ['node', '/opt/main.mjs', 'two words'],
          dockerfile: './Dockerfile',
        },
      },
    });
  });

  it('reads the same with Windows line ends, a byte order mark and empty frontmatter', async () => {
    const sources = await workshop({
      'home/agents/dev.md': `\ufeff${agentOf('plain').replaceAll('\n', '\r\n')}`,
      'home/bottles/plain.md': '---\n---\n',
    });
    const manifest = await loadManifest('dev', sources);
    expect(manifest.agent.prompt).toBe('Be kind.');
    expect(manifest.bottle).toMatchObject({ env: {}, routes: [], provider: { template: 'claude' } });
  });

  it('takes keys whose entries are all commented out as absent, and an empty dockerfile as none', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('bare'),
      'home/bottles/bare.md':
        '---\nenv:\n  # A: b\negress:\n  routes:\nagent_provider:\n  dockerfile: ""\n---\n',
    });
    const { bottle } = await loadManifest('dev', sources);
    expect(bottle).toMatchObject({ env: {}, routes: [] });
    expect(bottle.provider).toEqual({ template: 'claude' });
  });

  it('accepts the sub-agent keys of Claude Code in an agent and ignores them', async () => {
    const sources = await workshop({
      'home/agents/dev.md': '---\nbottle: b\nname: Dev\nmodel: {any: thing}\ncolor: red\n---\n',
      'home/bottles/b.md': '---\n---\n',
    });
    expect((await loadManifest('dev', sources)).agent.prompt).toBe('');
  });

  it('takes each file from the home first and from the examples otherwise', async () => {
    const sources = await workshop({
      'home/bottles/shared.md': '---\nenv: {WHOSE: mine}\n---\n',
      'examples/bottles/shared.md': '---\nenv: {WHOSE: theirs}\n---\n',
      'examples/agents/demo.md': agentOf('shared'),
    });
    const manifest = await loadManifest('demo', sources);
    expect(manifest.agent.origin).toBe('examples');
    expect(manifest.bottle.env).toEqual({ WHOSE: { kind: 'literal', value: 'mine' } });
  });

  it('does not let a broken file harm an agent that does not use it', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('good'),
      'home/agents/broken.md': 'no frontmatter',
      'home/bottles/good.md': '---\n---\n',
      'home/bottles/bad.md': '---\n: : :\n---\n',
    });
    await expect(loadManifest('dev', sources)).resolves.toBeDefined();
  });
});

describe('names', () => {
  it('lists the known agents and the likely one when an agent is unknown', async () => {
    const sources = await workshop({
      'examples/agents/demo.md': agentOf('demo'),
      'home/agents/dev.md': agentOf('dev'),
    });
    const error = await errorOf(loadManifest('dmeo', sources));
    expect(error.code).toBe('agent-unknown');
    expect(textOf(error, sources)).toBe(
      [
        'there is no agent `dmeo`; did you mean `demo`?',
        'Known agents: demo, dev.',
        'hint: Choose a known agent, or write home/agents/NAME.md (a name starts with a lower-case letter; lower-case letters, digits and hyphens follow).',
      ].join('\n'),
    );
  });

  it('points at the key of the agent when its bottle is unknown', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('dve'),
      'home/bottles/dev.md': '---\n---\n',
    });
    const error = await errorOf(loadManifest('dev', sources));
    expect(error.code).toBe('bottle-unknown');
    expect(textOf(error, sources)).toBe(
      [
        'home/agents/dev.md:2:9: bottle: there is no bottle `dve`; did you mean `dev`?',
        '    2 | bottle: dve',
        '      |         ^',
        'Known bottles: dev.',
        'hint: Choose a known bottle, or write home/bottles/dve.md.',
      ].join('\n'),
    );
  });

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

  it('refuses an agent whose bottle is a path', async () => {
    const sources = await workshop({ 'home/agents/dev.md': agentOf('../../etc/x') });
    const error = await errorOf(loadManifest('dev', sources));
    expect(error.code).toBe('manifest-invalid');
    expect(error.message).toContain('dev.md:2:9: bottle: is not the name of a bottle');
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

  it('lists nothing when there is no home and no example', async () => {
    const sources = await workshop({});
    expect(await listAgents(sources)).toEqual([]);
    expect((await errorOf(loadManifest('demo', sources))).message).toContain('No agents are known.');
  });

  it('says so when the folder of agents is a file', async () => {
    const sources = await workshop({ 'home/agents': 'not a folder' });
    expect((await errorOf(listAgents(sources))).message).toContain('cannot list');
  });

  it('does not hide a broken link in the home behind an example of the same name', async () => {
    const sources = await workshop({ 'home/agents/other.md': '', 'examples/agents/demo.md': agentOf('b') });
    await symlink('/nowhere/at/all', path.join(sources.home, 'agents/demo.md'));
    const error = await errorOf(loadManifest('demo', sources));
    expect(error.code).toBe('manifest-invalid');
    expect(error.message).toContain('cannot be read');
  });
});
