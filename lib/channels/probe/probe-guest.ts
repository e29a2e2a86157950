import type { DaemonName } from '../../daemons/contract/daemons.ts';
import { SELFTEST_NONCE_ENV } from '../../daemons/contract/selftest/selftest.ts';
import { docker } from '../../docker/cli.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { askDaemon } from './ask-daemon.ts';
import { askProxy } from './ask-proxy.ts';
import { makeAttempts } from './attempts.ts';
import { assessProbe, type ProbeFinding } from './findings.ts';
import { type HostListener, openHostListeners } from './host-listeners.ts';
import { searchNonceScript } from './search-nonce.ts';
import { daemonTargets, forbiddenAttempts, newChallenge, proxyTarget } from './targets.ts';

export interface ProbeOptions {
  bottle: Bottle;
  alias: string;
  /** The guest's proxy. */
  proxyDaemon: 'egress' | 'pipelock';
  /** Daemons of the bundle that listen beside the guest's proxy. */
  otherDaemons: readonly DaemonName[];
  bundle: { container: string; address: string };
  /** Published addresses of the bundle that a guest with a socket must not reach. */
  forbidden: readonly { daemon: string; host: string; port: number }[];
}

/**
 * Checks from inside the guest that what must work works and what must fail fails.
 * @returns all findings, passed and failed.
 */
export async function probeGuest(options: ProbeOptions): Promise<ProbeFinding[]> {
  const [nonce, listeners] = await Promise.all([
    docker(['exec', options.bundle.container, 'printenv', SELFTEST_NONCE_ENV]),
    openHostListeners(options.alias),
  ]);
  try {
    const challenge = newChallenge();
    const facts = {
      proxyDaemon: options.proxyDaemon,
      otherDaemons: options.otherDaemons,
      listeners: listeners.map(place),
      bundleAddress: options.bundle.address,
      forbidden: options.forbidden,
    };
    const [required, daemons, attempts] = [
      proxyTarget(facts, challenge),
      daemonTargets(facts),
      forbiddenAttempts(facts),
    ];
    const [answer, answers, outcomes, leaks] = await Promise.all([
      askProxy(options.bottle, required),
      Promise.all(daemons.map((daemon) => askDaemon(options.bottle, daemon))),
      makeAttempts(options.bottle, attempts),
      searchNonce(options, nonce.trim()),
    ]);
    const connections = new Map(listeners.map((listener) => [listener.name, listener.connections()]));
    const targets = [required, ...daemons, ...attempts];
    const results = [answer, ...answers, ...outcomes];
    return [...assessProbe({ targets, results, connections, nonce: nonce.trim(), challenge }), leaks];
  } finally {
    await Promise.all(listeners.map((listener) => listener.close()));
  }
}

const place = ({ name, host, port }: HostListener) => ({ name, host, port });

async function searchNonce({ bottle }: ProbeOptions, nonce: string): Promise<ProbeFinding> {
  const found = (await bottle.runScript('the search for the nonce', searchNonceScript(nonce))).trim();
  const outcome = found === '' ? 'not found' : `found in ${found.split('\n').join(', ')}`;
  return {
    name: 'this launch’s nonce in the guest’s files and environment',
    expected: 'fails',
    outcome,
    ok: found === '',
  };
}
