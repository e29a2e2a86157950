import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SELFTEST_NONCE_ENV } from '../../daemons/contract/selftest/selftest.ts';
import { docker } from '../../docker/cli.ts';
import { BottleError } from '../../errors.ts';
import type { Bottle } from '../../guest/bottle.ts';
import { assessProbe, type GuestResults, guestResults, type ProbeFinding } from './findings.ts';
import { type HostListener, openHostListeners } from './host-listeners.ts';
import { searchNonceScript } from './search-nonce.ts';
import { newChallenge, probeTargets, type Target } from './targets.ts';

export interface ProbeOptions {
  bottle: Bottle;
  alias: string;
  /** The guest's proxy. */
  proxyDaemon: 'egress' | 'pipelock';
  bundle: { container: string; address: string };
  /** Published addresses of the bundle that a guest with a socket must not reach. */
  forbidden: readonly { daemon: string; host: string; port: number }[];
}

/** The prober's own timeout is 20 s; the rest allows for start-up on a busy host. */
const PROBE_TIMEOUT_MS = 60_000;

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
    const targets = probeTargets(
      {
        proxyDaemon: options.proxyDaemon,
        listeners: listeners.map(place),
        bundleAddress: options.bundle.address,
        forbidden: options.forbidden,
      },
      challenge,
    );
    const [results, leaks] = await Promise.all([
      tryTargets(options, targets),
      searchNonce(options, nonce.trim()),
    ]);
    const connections = new Map(listeners.map((listener) => [listener.name, listener.connections()]));
    return [...assessProbe({ targets, results, connections, nonce: nonce.trim(), challenge }), leaks];
  } finally {
    await Promise.all(listeners.map((listener) => listener.close()));
  }
}

const place = ({ name, host, port }: HostListener) => ({ name, host, port });

async function tryTargets({ bottle }: ProbeOptions, targets: readonly Target[]): Promise<GuestResults> {
  const prober = await readFile(join(import.meta.dirname, 'guest-prober.mjs'), 'utf8');
  const command = ['node', '--input-type=module', '-'];
  const input = `const targets = ${JSON.stringify(targets)};\n${prober}`;
  const result = await bottle.execAsAgent(command, { input, timeoutMs: PROBE_TIMEOUT_MS });
  const parsed = result.exitCode === 0 ? guestResults.safeParse(JSON.parse(result.stdout)) : undefined;
  if (parsed?.success) return parsed.data;
  const lastLines = result.stderr.trim().split('\n').slice(-3).join('\n');
  throw new BottleError(
    'confinement-breached',
    `the probe did not run in the guest (exit ${result.exitCode}): ${lastLines}`,
    {
      hint: 'The launch stops because confinement could not be verified. The image needs `node`.',
    },
  );
}

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
