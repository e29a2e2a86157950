import type { DaemonDefinition } from './daemon.ts';
import { egress } from './egress/daemon.ts';
import { gitGate } from './git-gate/daemon.ts';
import { gitHttp } from './git-http/daemon.ts';
import { pipelock } from './pipelock/daemon.ts';
import { selftest } from './selftest/daemon.ts';
import { supervise } from './supervise/daemon.ts';

/** Every daemon that init can run, in the order of their start. A new daemon is added here and nowhere else. */
export const DAEMONS = {
  selftest,
  egress,
  'git-gate': gitGate,
  'git-http': gitHttp,
  supervise,
  pipelock,
} as const;

export type DaemonName = keyof typeof DAEMONS;

export const DAEMON_NAMES = Object.keys(DAEMONS) as readonly DaemonName[];

export function daemonDefinition(name: DaemonName): DaemonDefinition {
  return DAEMONS[name];
}

/** TCP port of a daemon inside the bundle. */
export function daemonPort(name: DaemonName): number {
  return DAEMONS[name].port;
}
