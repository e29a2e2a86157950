import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import type { Manifest } from '../../../lib/manifest/types.ts';
import { agentOf, workshop, yaml } from '../../support/manifest-workspace.ts';

const REPO = (name: string) => `    ${name}: {url: "ssh://git@h.example/${name}.git", identity: /k}`;

/** What an agent in bottle `child` gets, where `child` extends `parent`. */
async function childOf(parent: readonly string[], child: readonly string[]): Promise<Manifest> {
  const sources = await workshop({
    'home/agents/dev.md': agentOf('child'),
    'home/bottles/parent.md': yaml(...parent),
    'home/bottles/child.md': yaml('extends: parent', ...child),
  });
  return loadManifest('dev', sources);
}

describe('a bottle that extends another', () => {
  it('inherits everything that it does not say', async () => {
    const parent = [
      'env: {A: a}',
      'agent_provider: {template: codex}',
      'git-gate:',
      '  user: {name: P, email: p@example}',
      '  repos:',
      REPO('app'),
      'egress: {log: 1, learn: true, routes: [{host: a.example}]}',
      'supervise: false',
    ];
    const { bottle } = await childOf(parent, []);
    expect(bottle).toMatchObject({
      env: { A: { value: 'a' } },
      provider: { template: 'codex' },
      gitGate: { user: { name: 'P', email: 'p@example' }, repos: [{ name: 'app' }] },
      egress: { log: 1, learn: true, routes: [{ host: 'a.example' }] },
      supervise: false,
    });
  });

  it('adds to the parent’s env and wins where both name a variable', async () => {
    const { bottle } = await childOf(['env: {A: a, B: b}'], ['env: {B: c, C: c}']);
    expect(Object.entries(bottle.env).map(([name, value]) => [name, value])).toEqual([
      ['A', { kind: 'literal', value: 'a' }],
      ['B', { kind: 'literal', value: 'c' }],
      ['C', { kind: 'literal', value: 'c' }],
    ]);
  });

  it('overlays the git user field by field, and an empty field changes nothing', async () => {
    const { bottle } = await childOf(
      ['git-gate: {user: {name: P, email: p@example}}'],
      ['git-gate: {user: {name: "", email: c@example}}'],
    );
    expect(bottle.gitGate.user).toEqual({ name: 'P', email: 'c@example' });
  });

  it('replaces egress as a whole, its log level too', async () => {
    const { bottle } = await childOf(
      ['egress: {log: 2, learn: true, routes: [{host: a.example}]}'],
      ['egress: {routes: [{host: b.example}]}'],
    );
    expect(bottle.egress).toEqual({ log: 0, learn: false, routes: [{ host: 'b.example' }] });
  });

  it('replaces repositories as a whole and keeps the user', async () => {
    const { bottle } = await childOf(
      ['git-gate:', '  user: {name: P}', '  repos:', REPO('app'), REPO('lib')],
      ['git-gate:', '  repos:', REPO('web')],
    );
    expect(bottle.gitGate.user).toEqual({ name: 'P' });
    expect(bottle.gitGate.repos.map(({ name }) => name)).toEqual(['web']);
  });

  it('replaces the provider as a whole', async () => {
    const { bottle } = await childOf(
      ['agent_provider: {template: command, command: [x], dockerfile: ./D}'],
      ['agent_provider: {template: codex}'],
    );
    expect(bottle.provider).toEqual({ template: 'codex', forwardHostCredentials: false });
  });

  it('clears with an explicit empty list what the parent has', async () => {
    const { bottle } = await childOf(
      ['git-gate:', '  repos:', REPO('app'), 'egress: {routes: [{host: a.example}]}'],
      ['git-gate: {repos: {}}', 'egress: {routes: []}'],
    );
    expect(bottle.gitGate.repos).toEqual([]);
    expect(bottle.egress.routes).toEqual([]);
  });

  it('leaves the parent’s value where the child’s key has none', async () => {
    const { bottle } = await childOf(
      ['egress: {routes: [{host: a.example}]}', 'supervise: false'],
      ['egress:', '  # routes: []', 'supervise:', 'git-gate:', 'agent_provider:', 'env:'],
    );
    expect(bottle.egress.routes).toEqual([{ host: 'a.example' }]);
    expect(bottle.supervise).toBe(false);
  });

  it('can be supervised though its parent is not', async () => {
    expect((await childOf(['supervise: false'], ['supervise: true'])).bottle.supervise).toBe(true);
  });

  it('inherits along a long chain without end of time or stack', async () => {
    const length = 300;
    const files = Array.from({ length }, (_, index) => [
      `home/bottles/b${index}.md`,
      yaml(`env: {V${index}: x}`, index + 1 < length ? `extends: b${index + 1}` : ''),
    ]);
    const sources = await workshop({ 'home/agents/dev.md': agentOf('b0'), ...Object.fromEntries(files) });
    expect(Object.keys((await loadManifest('dev', sources)).bottle.env)).toHaveLength(length);
  });

  it('says of each value which file and line it came from', async () => {
    const { origins } = await childOf(
      ['env: {A: a}', 'egress:', '  routes:', '    - host: a.example', 'supervise: false'],
      ['env:', '  B: b', 'git-gate:', '  user:', '    name: C'],
    );
    const where = Object.entries(origins).map(
      ([key, { file, line }]) => `${key} ${path.basename(file)}:${line}`,
    );
    expect(where.toSorted()).toEqual([
      'bottle dev.md:2',
      'egress parent.md:3',
      'egress.routes[0] parent.md:5',
      'env.A parent.md:2',
      'env.B child.md:4',
      'git-gate.user.name child.md:7',
      'supervise parent.md:6',
    ]);
  });
});
