import { describe, expect, it } from 'vitest';
import { dockerfileOf } from '../../../lib/manifest/dockerfile.ts';
import type { Manifest, Origin } from '../../../lib/manifest/types.ts';

const bottle = (
  dockerfile: string | undefined,
  origin: Origin = 'home',
): Pick<Manifest, 'bottle' | 'origins'> => ({
  bottle: {
    env: {},
    provider: {
      template: 'claude',
      forwardHostCredentials: false,
      ...(dockerfile === undefined ? {} : { dockerfile }),
    },
    gitGate: { user: {}, repos: [] },
    egress: { routes: [], log: 0, learn: false },
    supervise: true,
  },
  origins: { agent_provider: { file: '/kit/bottles/b.md', line: 2, origin } },
});

describe("a bottle's own Dockerfile", () => {
  it('is found from the working directory, from the home directory, or where it says', () => {
    expect(dockerfileOf(bottle('docker/File'), '/project', '/me')).toBe('/project/docker/File');
    expect(dockerfileOf(bottle('~/File'), '/project', '/me')).toBe('/me/File');
    expect(dockerfileOf(bottle('/abs/File'), '/project', '/me')).toBe('/abs/File');
    expect(dockerfileOf(bottle(undefined), '/project', '/me')).toBeUndefined();
  });

  it('is found beside the example that names it, wherever the operator stands', () => {
    expect(dockerfileOf(bottle('../images/File', 'examples'), '/project', '/me')).toBe('/kit/images/File');
  });
});
