import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import type { Manifest } from '../../../lib/manifest/types.ts';
import { agentOf, workshop, yaml } from '../../support/manifest-workspace.ts';

const REPO = (name: string) => `    ${name}: {url: "ssh://git@h.example/${name}.git", identity: /k}`;

/** Loads an agent in bottle `child`, which extends `parent`. */
async function childOf(parent: readonly string[], child: readonly string[]): Promise<Manifest> {
  const sources = await workshop({
    'home/agents/dev.md': agentOf('child'),
    'home/bottles/parent.md': yaml(...parent),
    'home/bottles/child.md': yaml('extends: parent', ...child),
  });
  return loadManifest('dev', sources);
}

describe('bottle that extends another', () => {
  it('a child inherits everything that it does not declare', async () => {
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

  it('the child’s env is merged over the parent’s', async () => {
    const { bottle } = await childOf(['env: {A: a, B: b}'], ['env: {B: c, C: c}']);
    expect(Object.entries(bottle.env).map(([name, value]) => [name, value])).toEqual([
      ['A', { kind: 'literal', value: 'a' }],
      ['B', { kind: 'literal', value: 'c' }],
      ['C', { kind: 'literal', value: 'c' }],
    ]);
  });

  it('the git user is merged by field, and an empty field changes nothing', async () => {
    const { bottle } = await childOf(
      ['git-gate: {user: {name: P, email: p@example}}'],
      ['git-gate: {user: {name: "", email: c@example}}'],
    );
    expect(bottle.gitGate.user).toEqual({ name: 'P', email: 'c@example' });
  });

  it('the child’s egress replaces the parent’s entirely, including the log level', async () => {
    const { bottle } = await childOf(
      ['egress: {log: 2, learn: true, routes: [{host: a.example}]}'],
      ['egress: {routes: [{host: b.example}]}'],
    );
    expect(bottle.egress).toEqual({ log: 0, learn: false, routes: [{ host: 'b.example' }] });
  });

  it('the child’s repositories replace the parent’s entirely and keep the user', async () => {
    const { bottle } = await childOf(
      ['git-gate:', '  user: {name: P}', '  repos:', REPO('app'), REPO('lib')],
      ['git-gate:', '  repos:', REPO('web')],
    );
    expect(bottle.gitGate.user).toEqual({ name: 'P' });
    expect(bottle.gitGate.repos.map(({ name }) => name)).toEqual(['web']);
  });

  it('the child’s provider replaces the parent’s entirely', async () => {
    const { bottle } = await childOf(
      ['agent_provider: {template: command, command: [x], dockerfile: ./D}'],
      ['agent_provider: {template: codex}'],
    );
    expect(bottle.provider).toEqual({ template: 'codex', mcpServers: {} });
  });

  it('an explicit empty list clears the parent’s', async () => {
    const { bottle } = await childOf(
      ['git-gate:', '  repos:', REPO('app'), 'egress: {routes: [{host: a.example}]}'],
      ['git-gate: {repos: {}}', 'egress: {routes: []}'],
    );
    expect(bottle.gitGate.repos).toEqual([]);
    expect(bottle.egress.routes).toEqual([]);
  });

  it('a key without a value keeps the parent’s value', async () => {
    const { bottle } = await childOf(
      ['egress: {routes: [{host: a.example}]}', 'supervise: false'],
      ['egress:', '  # routes: []', 'supervise:', 'git-gate:', 'agent_provider:', 'env:'],
    );
    expect(bottle.egress.routes).toEqual([{ host: 'a.example' }]);
    expect(bottle.supervise).toBe(false);
  });

  it('a child can enable supervision that its parent disables', async () => {
    expect((await childOf(['supervise: false'], ['supervise: true'])).bottle.supervise).toBe(true);
  });

  it('a chain of 300 parents resolves', async () => {
    const length = 300;
    const files = Array.from({ length }, (_, index) => [
      `home/bottles/b${index}.md`,
      yaml(`env: {V${index}: x}`, index + 1 < length ? `extends: b${index + 1}` : ''),
    ]);
    const sources = await workshop({ 'home/agents/dev.md': agentOf('b0'), ...Object.fromEntries(files) });
    expect(Object.keys((await loadManifest('dev', sources)).bottle.env)).toHaveLength(length);
  });

  it('each value records the file and line it came from', async () => {
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
