import { extname, join } from 'node:path';
import { DAEMON_PORTS, type DaemonName } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { UPSTREAM_PROXY_ENV } from '../contract/upstream-proxy.ts';

/**
 * A daemon is to be small, since each bottle has its own. V8 gives new objects 16 MB, which grow to three times that
 * under load, and lets old ones grow to several times what is alive: here they have 2, and half as much again. Measured
 * in turn, with the allocator's settings: 50 to 60 MB less resident after a run, for 1 to 6 % more processor time a
 * request. `--optimize-for-size` saves 20 MB more, and takes twice the time.
 */
export const NODE_FLAGS = ['--max-semi-space-size=2', '--heap-growing-percent=50'] as const;

/** The program of a daemon and its arguments: a module of ours that Node runs, or pipelock's own program. */
export function daemonCommand(
  name: DaemonName,
  environment: NodeJS.ProcessEnv,
): readonly [program: string, ...args: string[]] {
  if (name !== 'pipelock') {
    // TypeScript like this module; JavaScript, also like it, in the bundle's image.
    const module = `main${extname(import.meta.filename)}`;
    return [process.execPath, ...NODE_FLAGS, join(import.meta.dirname, '..', name, module)];
  }
  // Behind egress it serves egress alone: from the bridge, it would be a way around egress.
  const address = environment[UPSTREAM_PROXY_ENV] ? '127.0.0.1' : '0.0.0.0';
  const listen = `${address}:${DAEMON_PORTS.pipelock}`;
  return [
    CONTAINER_PATHS.pipelockProgram,
    'run',
    '--config',
    CONTAINER_PATHS.pipelockConfig,
    '--listen',
    listen,
  ];
}
