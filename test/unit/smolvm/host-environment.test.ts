import { afterEach, describe, expect, it, vi } from 'vitest';
import { hostEnvironment } from '../../../lib/smolvm/host-environment.ts';

afterEach(() => vi.unstubAllEnvs());

describe('environment of smolvm processes', () => {
  it('smolvm gets the variables it reads and none of the operator’s tokens', () => {
    vi.stubEnv('GITHUB_TOKEN', 'ghp_secret');
    vi.stubEnv('EGRESS_TOKEN_0', 'secret');
    vi.stubEnv('SMOLVM_LIB_DIR', '/opt/lib');
    const environment = hostEnvironment();
    expect(environment).toMatchObject({ SMOLVM_LIB_DIR: '/opt/lib', PATH: process.env.PATH });
    expect(JSON.stringify(environment)).not.toContain('secret');
  });
});
