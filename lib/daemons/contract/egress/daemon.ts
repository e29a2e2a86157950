import { COMPILE_CACHE_ENV, type DaemonDefinition } from '../daemon.ts';
import { SLUG_ENV } from '../names.ts';
import { CONTAINER_PATHS } from '../paths.ts';
import { SELFTEST_NONCE_ENV } from '../selftest/selftest.ts';
import { SUPERVISE_MODE_ENV } from '../supervise/environment.ts';
import { UPSTREAM_CA_ENV, UPSTREAM_PROXY_ENV } from './upstream-proxy.ts';

const PORT = 9099;

const VARIABLES: ReadonlySet<string> = new Set([
  SELFTEST_NONCE_ENV,
  SLUG_ENV,
  SUPERVISE_MODE_ENV,
  UPSTREAM_PROXY_ENV,
  UPSTREAM_CA_ENV,
  'NODE_EXTRA_CA_CERTS',
  COMPILE_CACHE_ENV,
]);

/** The intercepting proxy. It alone sees the tokens, which it injects. */
export const egress: DaemonDefinition = {
  port: PORT,
  mayRead: (variable) => VARIABLES.has(variable) || /^EGRESS_TOKEN_[0-9]+$/.test(variable),
  workers: ['leaf-worker', 'scan-worker'],
  args: [
    ...['--routes', CONTAINER_PATHS.routes],
    ...['--ca', CONTAINER_PATHS.caWithKey],
    ...['--listen', `0.0.0.0:${PORT}`],
    ...['--audit', CONTAINER_PATHS.audit],
    ...['--control', CONTAINER_PATHS.egressControl],
    ...['--slots', CONTAINER_PATHS.slots],
    ...['--run', CONTAINER_PATHS.egressRun],
    ...['--supervise', CONTAINER_PATHS.superviseControl],
  ],
};
