import { extname, join } from 'node:path';
import { UPSTREAM_PROXY_ENV } from '../contract/egress/upstream-proxy.ts';
import { DAEMON_PORTS, type DaemonName } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';

/**
 * A daemon is to be small, since each bottle has its own. V8 gives new objects 16 MB, which grow to three times that
 * under load: here they have 8. Threads that help to collect half a millisecond's worth of new objects cost more than they
 * save: 5 to 9 % of all processor time, measured in turn on one core. With the collector at hand, an idle daemon can give
 * memory back (egress/idle-memory.ts); it keeps its code then, which V8 would throw away: the next thousand requests took
 * twice the time.
 */
export const NODE_FLAGS = [
  '--max-semi-space-size=8',
  '--no-parallel-scavenge',
  '--expose-gc',
  '--no-flush-bytecode',
] as const;

/** Where egress finds and leaves things in a bundle. */
const EGRESS_PLACES = [
  '--routes',
  CONTAINER_PATHS.routes,
  '--ca',
  CONTAINER_PATHS.caWithKey,
  '--listen',
  `0.0.0.0:${DAEMON_PORTS.egress}`,
  '--audit',
  CONTAINER_PATHS.audit,
  '--control',
  CONTAINER_PATHS.egressControl,
] as const;

/** The program of a daemon and its arguments: a module of ours that Node runs, or pipelock's own program. */
export function daemonCommand(
  name: DaemonName,
  environment: NodeJS.ProcessEnv,
): readonly [program: string, ...args: string[]] {
  if (name !== 'pipelock') {
    // TypeScript like this module; JavaScript, also like it, in the bundle's image.
    const module = `main${extname(import.meta.filename)}`;
    const places = name === 'egress' ? EGRESS_PLACES : [];
    return [process.execPath, ...NODE_FLAGS, join(import.meta.dirname, '..', name, module), ...places];
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
