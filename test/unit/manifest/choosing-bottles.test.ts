import { describe, expect, it } from 'vitest';
import { loadManifest } from '../../../lib/manifest/load.ts';
import type { Manifest } from '../../../lib/manifest/types.ts';
import { agentOf, workshop, yaml } from '../../support/manifest-workspace.ts';

/** The agent `dev` names bottle `own`; `portable` names none. */
async function launch(agent: string, bottles?: readonly string[]): Promise<Manifest> {
  const sources = await workshop({
    'home/agents/dev.md': agentOf('own'),
    'home/agents/portable.md': yaml('git-gate: {user: {name: Agent}}', 'skills: [review, plan, review]'),
    'home/bottles/own.md': yaml('env: {WHO: own}'),
    'home/bottles/base.md': yaml(
      'env: {BASE: x}',
      'supervise: false',
      'egress: {routes: [{host: base.example}]}',
    ),
    'home/bottles/a.md': yaml('extends: base', 'env: {WHO: a, A: a}', 'git-gate: {user: {email: a@example}}'),
    'home/bottles/b.md': yaml('extends: base', 'env: {WHO: b}', 'egress: {routes: [{host: b.example}]}'),
    'home/bottles/broken.md': yaml('egres: {}'),
  });
  return loadManifest(agent, sources, bottles === undefined ? {} : { bottles });
}

const hosts = ({ bottle }: Manifest) => bottle.egress.routes.map(({ host }) => host);

describe('bottles chosen at launch', () => {
  it('chosen bottles replace the one that the agent names', async () => {
    const manifest = await launch('dev', ['a']);
    expect(manifest.bottle.env.WHO).toEqual({ kind: 'literal', value: 'a' });
    expect(manifest.bottles.map(({ name }) => name)).toEqual(['a']);
  });

  it('chosen bottles merge in order, and later ones win', async () => {
    const [ab, ba] = [await launch('dev', ['a', 'b']), await launch('dev', ['b', 'a'])];
    expect(ab.bottle.env.WHO).toEqual({ kind: 'literal', value: 'b' });
    expect(ba.bottle.env.WHO).toEqual({ kind: 'literal', value: 'a' });
    expect([hosts(ab), hosts(ba)]).toEqual([['b.example'], ['base.example']]);
    expect(Object.keys(ab.bottle.env).toSorted()).toEqual(['A', 'BASE', 'WHO']);
    expect(ab.bottles.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('a later bottle without `supervise` does not turn supervision back on', async () => {
    expect((await launch('dev', ['base', 'own'])).bottle.supervise).toBe(false);
  });

  it('without a choice, the agent’s own bottle is used', async () => {
    expect((await launch('dev')).bottle.env.WHO).toEqual({ kind: 'literal', value: 'own' });
    expect((await launch('dev', [])).bottle.env.WHO).toEqual({ kind: 'literal', value: 'own' });
  });

  it('an agent without a bottle runs in a chosen one and overlays its git identity', async () => {
    const { agent, bottle } = await launch('portable', ['a']);
    expect(bottle.gitGate.user).toEqual({ name: 'Agent', email: 'a@example' });
    expect(agent.skills).toEqual(['review', 'plan']);
  });

  it('a broken bottle only causes an error when it is chosen', async () => {
    await expect(launch('dev', ['a', 'broken'])).rejects.toThrow('unknown key `egres`');
    await expect(launch('dev', ['a', 'b'])).resolves.toBeDefined();
  });
});
