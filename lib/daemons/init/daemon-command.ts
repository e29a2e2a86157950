import { extname, join } from 'node:path';
import { DAEMON_PORTS, type DaemonName } from '../contract/names.ts';
import { CONTAINER_PATHS } from '../contract/paths.ts';
import { UPSTREAM_PROXY_ENV } from '../contract/upstream-proxy.ts';

/**
 * Megabytes in which new objects live. Node's own 16 grow to three times that under load, for garbage that the many
 * small requests of a proxy leave: measured, 90 MB less resident after a run, and no slower.
 */
export const NODE_FLAGS = ['--max-semi-space-size=4'] as const;

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
