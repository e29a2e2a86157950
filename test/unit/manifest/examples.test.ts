import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { dockerfileOf } from '../../../lib/manifest/dockerfile.ts';
import { listAgents, loadManifest } from '../../../lib/manifest/load.ts';

const sources = {
  home: path.join(tmpdir(), 'no-home-of-manifests'),
  cwd: path.join(tmpdir(), 'no-project-with-manifests'),
  examples: fileURLToPath(new URL('../../../fixtures/manifests', import.meta.url)),
};

describe('example manifests of the kit', () => {
  it('all examples load, and their Dockerfiles exist', async () => {
    const agents = await listAgents(sources);
    expect(agents.map((agent) => agent.name)).toContain('demo');
    for (const { name } of agents) {
      const dockerfile = dockerfileOf(await loadManifest(name, sources), '/nowhere');
      if (dockerfile !== undefined) await expect(access(dockerfile)).resolves.toBeUndefined();
    }
  });

  it('the demo agent runs its tour with a greeting and no routes', async () => {
    const { agent, bottle } = await loadManifest('demo', sources);
    expect(agent.prompt).not.toBe('');
    expect(bottle.env.GREETING).toMatchObject({ kind: 'literal' });
    expect(bottle.egress.routes).toEqual([]);
    expect(bottle.provider).toMatchObject({ template: 'command', command: ['node', '/opt/demo/tour.mjs'] });
  });
});
