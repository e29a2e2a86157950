import { randomBytes } from 'node:crypto';
import { type DaemonName, daemonPort } from '../../daemons/contract/daemons.ts';
import { SELFTEST_HOST, SELFTEST_PROVE_PATH } from '../../daemons/contract/selftest/selftest.ts';
import { GIT_GATE_VARIABLE, SUPERVISE_VARIABLE } from '../../manifest/owned-variables.ts';

/** What the guest tries, and must not succeed in. `resolver`: every name server in the file `host`. */
export interface Attempt {
  name: string;
  try: 'tcp' | 'dns' | 'resolver';
  host: string;
  port: number;
}

/** What must work through the guest's proxy. */
export type ProxyTarget =
  | { name: string; try: 'selftest'; host: string; path: string }
  /** The proxy refuses a CONNECT. */
  | { name: string; try: 'refusal'; host: string };

/** A daemon beside the proxy must answer, whatever it says. */
export interface DaemonTarget {
  name: string;
  try: 'daemon';
  /** Variable of the agent with the daemon's URL. */
  variable: typeof GIT_GATE_VARIABLE | typeof SUPERVISE_VARIABLE;
}

export type Target = Attempt | ProxyTarget | DaemonTarget;

export interface ProbeFacts {
  /** The guest's proxy. With pipelock alone, there is no selftest upstream. */
  proxyDaemon: 'egress' | 'pipelock';
  /** Daemons of the bundle that listen beside the guest's proxy. */
  otherDaemons: readonly DaemonName[];
  /** Listeners that the host opened for this probe on addresses that the guest must not reach. */
  listeners: readonly { name: string; host: string; port: number }[];
  /** The bundle's address on its bridge. */
  bundleAddress: string;
  /** Published addresses of the bundle that this guest must not use. */
  forbidden: readonly { daemon: string; host: string; port: number }[];
}

export function newChallenge(): string {
  return randomBytes(16).toString('hex');
}

/** Returns what must work in the guest before the agent may run. */
export function proxyTarget({ proxyDaemon }: ProbeFacts, challenge: string): ProxyTarget {
  if (proxyDaemon === 'pipelock') {
    return { name: 'a refusal by pipelock', try: 'refusal', host: SELFTEST_HOST };
  }
  return {
    name: 'the selftest upstream through egress',
    try: 'selftest',
    host: SELFTEST_HOST,
    path: `${SELFTEST_PROVE_PATH}?challenge=${challenge}`,
  };
}

/** Returns what must answer beside the proxy, if the bottle has it: the git gate and supervise. */
export function daemonTargets({ otherDaemons }: ProbeFacts): DaemonTarget[] {
  const gate = { name: 'the git gate', try: 'daemon', variable: GIT_GATE_VARIABLE } as const;
  const supervise = { name: 'supervise', try: 'daemon', variable: SUPERVISE_VARIABLE } as const;
  return [
    ...(otherDaemons.includes('git-http') ? [gate] : []),
    ...(otherDaemons.includes('supervise') ? [supervise] : []),
  ];
}

/** Returns everything that must fail in the guest before the agent may run. */
export function forbiddenAttempts(facts: ProbeFacts): Attempt[] {
  const { bundleAddress, proxyDaemon, otherDaemons, listeners, forbidden } = facts;
  return [
    ...listeners.map((listener) => ({ try: 'tcp' as const, ...listener })),
    ...forbidden.map(({ daemon, host, port }) => ({
      name: `${daemon} past its socket`,
      try: 'tcp' as const,
      host,
      port,
    })),
    {
      name: 'the bundle past its published ports',
      try: 'tcp',
      host: bundleAddress,
      port: daemonPort(proxyDaemon),
    },
    ...otherDaemons.map((daemon) => ({
      name: `${daemon} past the bundle’s published ports`,
      try: 'tcp' as const,
      host: bundleAddress,
      port: daemonPort(daemon),
    })),
    { name: 'a public address', try: 'tcp', host: '1.1.1.1', port: 443 },
    { name: 'a public DNS server over TCP', try: 'tcp', host: '8.8.8.8', port: 53 },
    { name: 'a public DNS server over UDP', try: 'dns', host: '8.8.8.8', port: 53 },
    { name: 'the guest’s own resolver', try: 'resolver', host: '/etc/resolv.conf', port: 53 },
  ];
}
