import { describe, expect, it } from 'vitest';
import { SELFTEST_NONCE_ENV } from '../../../../lib/daemons/contract/selftest/selftest.ts';
import { ALLOCATOR, daemonEnvironment } from '../../../../lib/daemons/init/daemon-environment.ts';

describe('daemonEnvironment', () => {
  const bundle = {
    PATH: '/bin',
    HOME: '/root',
    EGRESS_TOKEN_0: 'secret',
    GIT_TOKEN_0: 'password',
    [SELFTEST_NONCE_ENV]: 'nonce',
    NODE_EXTRA_CA_CERTS: '/roots.pem',
    NODE_OPTIONS: '--inspect',
    EGRESS_UPSTREAM_PROXY: 'http://127.0.0.1:8888',
    EGRESS_UPSTREAM_CA: '/ca.pem',
    SSL_CERT_DIR: '/roots',
    NODE_COMPILE_CACHE: '/compiled',
    BOT_BOTTLE_SIDECAR_DAEMONS: 'egress',
  };

  it('egress gets its tokens and nothing that it does not need', () => {
    expect(daemonEnvironment('egress', bundle)).toEqual({
      ...ALLOCATOR,
      PATH: '/bin',
      EGRESS_TOKEN_0: 'secret',
      [SELFTEST_NONCE_ENV]: 'nonce',
      NODE_EXTRA_CA_CERTS: '/roots.pem',
      EGRESS_UPSTREAM_PROXY: 'http://127.0.0.1:8888',
      EGRESS_UPSTREAM_CA: '/ca.pem',
      NODE_COMPILE_CACHE: '/compiled',
    });
  });

  it('pipelock gets additional CA roots and no token', () => {
    expect(daemonEnvironment('pipelock', bundle)).toEqual({ PATH: '/bin', SSL_CERT_DIR: '/roots' });
  });

  it('git-gate alone gets the tokens of upstreams, and all that no push may carry; git-http gets none', () => {
    const common = { ...ALLOCATOR, PATH: '/bin', NODE_COMPILE_CACHE: '/compiled' };
    expect(daemonEnvironment('git-gate', bundle)).toEqual({
      ...common,
      EGRESS_TOKEN_0: 'secret',
      GIT_TOKEN_0: 'password',
      NODE_EXTRA_CA_CERTS: '/roots.pem',
    });
    expect(daemonEnvironment('git-http', bundle)).toEqual(common);
  });

  it('selftest gets neither the nonce nor a token', () => {
    expect(daemonEnvironment('selftest', bundle)).toEqual({
      ...ALLOCATOR,
      PATH: '/bin',
      NODE_COMPILE_CACHE: '/compiled',
    });
  });
});
