import type { DaemonDefinition } from '../daemon.ts';
import { UPSTREAM_PROXY_ENV } from '../egress/upstream-proxy.ts';
import { CONTAINER_PATHS } from '../paths.ts';

const PORT = 8888;

/** Pipelock, a proxy by others, in the image of bundles that ask for it. */
export const pipelock: DaemonDefinition = {
  port: PORT,
  // Go's name for a directory of extra roots.
  mayRead: (variable) => variable === 'SSL_CERT_DIR',
  command: (environment) => {
    // Behind egress it serves egress alone: on the bridge it would be a way around egress.
    const address = environment[UPSTREAM_PROXY_ENV] ? '127.0.0.1' : '0.0.0.0';
    const { pipelockProgram, pipelockConfig } = CONTAINER_PATHS;
    return [pipelockProgram, 'run', '--config', pipelockConfig, '--listen', `${address}:${PORT}`];
  },
};
