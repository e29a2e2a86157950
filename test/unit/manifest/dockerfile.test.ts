import { describe, expect, it } from 'vitest';
import { dockerfileOf } from '../../../lib/manifest/dockerfile.ts';
import type { Manifest, Origin } from '../../../lib/manifest/types.ts';

const bottle = (
  dockerfile: string | undefined,
  origin: Origin = 'home',
): Pick<Manifest, 'bottle' | 'origins'> => ({
  bottle: {
    env: {},
    envFiles: [],
    provider: {
      template: 'claude',
      mcpServers: {},
      ...(dockerfile === undefined ? {} : { dockerfile }),
    },
    gitGate: { user: {}, repos: [] },
    egress: { routes: [], log: 0, learn: false },
    terminal: { clipboard: false },
    supervise: true,
  },
  origins: { agent_provider: { file: '/kit/bottles/b.md', line: 2, origin } },
});

describe('Dockerfile of a bottle', () => {
  it('a Dockerfile path is relative to the working directory, below `~`, or absolute', () => {
    expect(dockerfileOf(bottle('docker/File'), '/project', '/me')).toBe('/project/docker/File');
    expect(dockerfileOf(bottle('~/File'), '/project', '/me')).toBe('/me/File');
    expect(dockerfileOf(bottle('/abs/File'), '/project', '/me')).toBe('/abs/File');
    expect(dockerfileOf(bottle(undefined), '/project', '/me')).toBeUndefined();
  });

  it('an example’s Dockerfile path is relative to the example, not to the working directory', () => {
    expect(dockerfileOf(bottle('../images/File', 'examples'), '/project', '/me')).toBe('/kit/images/File');
  });
});
