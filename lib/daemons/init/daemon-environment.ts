import { UPSTREAM_CA_ENV, UPSTREAM_PROXY_ENV } from '../contract/egress/upstream-proxy.ts';
import { type DaemonName, SLUG_ENV } from '../contract/names.ts';
import { SELFTEST_NONCE_ENV } from '../contract/selftest/selftest.ts';

/** Where Node finds the code that it made of the programs when the image was built. */
const COMPILED = 'NODE_COMPILE_CACHE';

/**
 * How glibc keeps memory that was freed, for programs of Node: two arenas instead of one a thread; and what is 16 KiB
 * or more, as buffers of TLS records are, has pages of its own, which go back to the system when it is freed. Other C
 * libraries do not look at these.
 */
export const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '16384' } as const;

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

/** The environment of one daemon: `PATH` and what that daemon needs, nothing else of the bundle's. */
export function daemonEnvironment(name: DaemonName, environment: NodeJS.ProcessEnv): Record<string, string> {
  const scrubbed: Record<string, string> = name === 'pipelock' ? {} : { ...ALLOCATOR };
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (variable === 'PATH' || ALLOWED[name](variable)) scrubbed[variable] = value;
  }
  return scrubbed;
}
