import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import { agentOf, workshop, yaml } from '../../support/manifest-workspace.ts';

const FULL_BOTTLE = `---
env:
  GREETING: hello
  PASSED_ON: \${HOST_NAME}
  NOT_WHOLE: prefix-\${HOST_NAME}
  ASKED: "?"
  ASKED_SO: ?Your password
egress:
  explain_denials: false
  routes:
    - host: API.example.com
      auth: {scheme: Bearer, token_ref: EXAMPLE_TOKEN}
    - host: docs.example.com
      auth: {header: X-Api-Key, scheme: none, token_ref: DOCS_KEY}
    - host: basic.example.com
      auth: {header: Authorization, scheme: Basic, token_ref: LOGIN}
    - host: maps.example.com
      auth: {query: key, token_ref: MAPS_KEY}
agent_provider:
  template: command
  command: [node, /opt/main.mjs, "two words"]
  dockerfile: ./Dockerfile
---
Notes for people.
`;

describe('loadManifest', () => {
  it('loadManifest returns the agent’s prompt and every declared value of the bottle', async () => {
    const sources = await workshop({
      'home/agents/dev.md': '---\nbottle: full\n---\n\n  You are careful.\n\nVery.\n\n',
      'home/bottles/full.md': FULL_BOTTLE,
    });
    const { agent, bottles, bottle } = await loadManifest('dev', sources);
    expect(agent).toEqual({
      name: 'dev',
      file: path.join(sources.home, 'agents/dev.md'),
      origin: 'home',
      prompt: 'You are careful.\n\nVery.',
      skills: [],
    });
    expect(bottles).toEqual([
      { name: 'full', file: path.join(sources.home, 'bottles/full.md'), origin: 'home' },
    ]);
    expect(bottle).toEqual({
      env: {
        GREETING: { kind: 'literal', value: 'hello' },
        PASSED_ON: { kind: 'host', variable: 'HOST_NAME' },
        NOT_WHOLE: { kind: 'literal', value: `prefix-${'$'}{HOST_NAME}` },
        ASKED: { kind: 'prompt', text: '' },
        ASKED_SO: { kind: 'prompt', text: 'Your password' },
      },
      envFiles: [],
      egress: {
        log: 0,
        learn: false,
        explainDenials: false,
        routes: [
          { host: 'api.example.com', auth: { scheme: 'Bearer', tokenRef: 'EXAMPLE_TOKEN' } },
          { host: 'docs.example.com', auth: { header: 'x-api-key', scheme: 'none', tokenRef: 'DOCS_KEY' } },
          { host: 'basic.example.com', auth: { scheme: 'Basic', tokenRef: 'LOGIN' } },
          { host: 'maps.example.com', auth: { query: 'key', tokenRef: 'MAPS_KEY' } },
        ],
      },
      provider: {
        template: 'command',
        command: ['node', '/opt/main.mjs', 'two words'],
        dockerfile: './Dockerfile',
        mcpServers: {},
      },
      gitGate: { user: {}, repos: [] },
      terminal: { clipboard: false },
      supervise: true,
    });
  });

  it('loadManifest accepts Windows line endings, a byte order mark and empty frontmatter', async () => {
    const sources = await workshop({
      'home/agents/dev.md': `\ufeff${agentOf('plain').replaceAll('\n', '\r\n')}`,
      'home/bottles/plain.md': '---\n---\n',
    });
    const manifest = await loadManifest('dev', sources);
    expect(manifest.agent.prompt).toBe('Be kind.');
    expect(manifest.bottle).toMatchObject({
      env: {},
      egress: { routes: [] },
      provider: { template: 'claude' },
      terminal: { clipboard: false },
      supervise: true,
    });
  });

  it('loadManifest treats keys without entries and an empty dockerfile as absent', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('bare'),
      'home/bottles/bare.md':
        '---\nenv:\n  # A: b\negress:\n  routes:\nagent_provider:\n  dockerfile: ""\n---\n',
    });
    const { bottle } = await loadManifest('dev', sources);
    expect(bottle).toMatchObject({ env: {}, egress: { routes: [] } });
    expect(bottle.provider).toEqual({ template: 'claude', mcpServers: {} });
  });

  it('loadManifest reads prompts as written, quoted or not', async () => {
    const lines = [
      'env:',
      '  BARE: ?',
      '  COMMENTED: ?   # no question',
      '  SPACED: ? What',
      "  COLON: ?Robin's token: the new one",
      "  QUOTED: '?It''s'",
      '  TEXT: |',
      '    BARE: ?',
      '',
    ];
    const sources = await workshop({
      'home/agents/dev.md': agentOf('b'),
      'home/bottles/b.md': yaml(...lines),
    });
    expect((await loadManifest('dev', sources)).bottle.env).toEqual({
      BARE: { kind: 'prompt', text: '' },
      COMMENTED: { kind: 'prompt', text: '' },
      SPACED: { kind: 'prompt', text: 'What' },
      COLON: { kind: 'prompt', text: "Robin's token: the new one" },
      QUOTED: { kind: 'prompt', text: "It's" },
      TEXT: { kind: 'literal', value: 'BARE: ?\n' },
    });
  });

  it('loadManifest accepts and ignores Claude Code’s sub-agent keys in an agent', async () => {
    const sources = await workshop({
      'home/agents/dev.md': '---\nbottle: b\nname: Dev\nmodel: {any: thing}\ncolor: red\n---\n',
      'home/bottles/b.md': '---\n---\n',
    });
    expect((await loadManifest('dev', sources)).agent.prompt).toBe('');
  });

  it('loadManifest prefers files in the home to the examples', async () => {
    const sources = await workshop({
      'home/bottles/shared.md': '---\nenv: {WHOSE: mine}\n---\n',
      'examples/bottles/shared.md': '---\nenv: {WHOSE: theirs}\n---\n',
      'examples/agents/demo.md': agentOf('shared'),
    });
    const manifest = await loadManifest('demo', sources);
    expect(manifest.agent.origin).toBe('examples');
    expect(manifest.bottle.env).toEqual({ WHOSE: { kind: 'literal', value: 'mine' } });
  });

  it('loadManifest ignores broken files that the agent does not use', async () => {
    const sources = await workshop({
      'home/agents/dev.md': agentOf('good'),
      'home/agents/broken.md': 'no frontmatter',
      'home/bottles/good.md': '---\n---\n',
      'home/bottles/bad.md': '---\n: : :\n---\n',
    });
    await expect(loadManifest('dev', sources)).resolves.toBeDefined();
  });
});
