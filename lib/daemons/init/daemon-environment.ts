import { type DaemonName, SLUG_ENV } from '../contract/names.ts';
import { SELFTEST_NONCE_ENV } from '../contract/selftest.ts';
import { UPSTREAM_CA_ENV, UPSTREAM_PROXY_ENV } from '../contract/upstream-proxy.ts';

/** Where Node finds the code that it made of the programs when the image was built. */
const COMPILED = 'NODE_COMPILE_CACHE';

type Allows = (variable: string) => boolean;

/** What each daemon may see of the bundle's environment. A token reaches only the daemon that injects it. */
const ALLOWED: Readonly<Record<DaemonName, Allows>> = {
  selftest: (variable) => variable === COMPILED,
  egress: (variable) =>
    /^EGRESS_TOKEN_[0-9]+$/.test(variable) ||
    [
      SELFTEST_NONCE_ENV,
      SLUG_ENV,
      UPSTREAM_PROXY_ENV,
      UPSTREAM_CA_ENV,
      'NODE_EXTRA_CA_CERTS',
      COMPILED,
    ].includes(variable),
  // Go's name for a directory of extra roots.
  pipelock: (variable) => variable === 'SSL_CERT_DIR',
};

/** The environment of one daemon: `PATH` and what that daemon needs, nothing else. */
export function daemonEnvironment(name: DaemonName, environment: NodeJS.ProcessEnv): Record<string, string> {
  const scrubbed: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (variable === 'PATH' || ALLOWED[name](variable)) scrubbed[variable] = value;
  }
  return scrubbed;
}
