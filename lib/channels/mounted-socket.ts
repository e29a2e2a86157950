import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DaemonName, daemonPort } from '../daemons/contract/daemons.ts';
import { writeFileScript } from '../guest/shell-script.ts';
import { readLaunchedPolicy } from '../smolvm/launched-policy.ts';
import { readMachineRecord } from '../smolvm/state-db.ts';
import { breached } from './breached.ts';
import type { Channel } from './channel.ts';
import { guestSocket, hostSocket } from './socket-place.ts';

/** Directory of the guest's relay; owned by root, so that the agent can neither change nor stop it. */
const RELAY_DIRECTORY = '/run/bot-bottle-relay';

/**
 * smolvm 1.8.0 and newer: the guest has no network at all. Each daemon is a Unix socket mounted from the
 * host; a relay in the guest exposes it on 127.0.0.1, so that ordinary URLs work.
 */
export const mountedSocket: Channel = {
  name: 'mounted-socket',
  needsRelay: true,
  exposesWildcardListeners: false,
  networkGrants: ({ slug, daemons }) => ({
    allowedCidrs: [],
    sockets: daemons.map((daemon) => ({ host: hostSocket(slug, daemon), guest: guestSocket(daemon) })),
  }),

  confineBeforeStart: assertNoNetwork,

  async assertConfinedAfterStart(client, machine) {
    assertNoNetwork(machine);
    const launched = await readLaunchedPolicy(await client.machineDataDirectory(machine));
    if (launched.network || launched.ports > 0 || (launched.allowedCidrs ?? []).length > 0) {
      throw breached(machine, `was started with ${JSON.stringify(launched)} instead of without any network`);
    }
  },

  guestAddress: (_context, daemon) => ({ host: '127.0.0.1', port: daemonPort(daemon) }),
  guestScript: async ({ daemons }) => relayScript(daemons, await readFile(RELAY, 'utf8')),
};

const RELAY = join(import.meta.dirname, 'relay', 'relay.mjs');

function assertNoNetwork(machine: string): void {
  const record = readMachineRecord(machine);
  const names = record.dns_filter_hosts ?? [];
  const cidrs = record.allowed_cidrs ?? [];
  if (!record.network && record.ports.length === 0 && cidrs.length === 0 && names.length === 0) return;
  const found = { network: record.network, ports: record.ports.length, cidrs, names };
  throw breached(machine, `has the stored policy ${JSON.stringify(found)} instead of no network at all`);
}

/** Restarts the guest's relay and waits up to 5 s until it listens. */
function relayScript(daemons: readonly DaemonName[], program: string): string {
  const pairs = daemons.map((daemon) => `tcp:${daemonPort(daemon)}=unix:${guestSocket(daemon)}`);
  const [file, ready] = [`${RELAY_DIRECTORY}/relay.mjs`, `${RELAY_DIRECTORY}/ready`];
  return [
    `[ ! -e ${ready} ] || kill "$(cat ${ready})" 2> /dev/null || true`,
    `rm -rf ${RELAY_DIRECTORY}`,
    `mkdir -m 0700 ${RELAY_DIRECTORY}`,
    writeFileScript(file, program, 'root:root', '0600'),
    `setsid node ${file} ${ready} ${pairs.join(' ')} < /dev/null > ${RELAY_DIRECTORY}/log 2>&1 &`,
    'tries=0',
    `while [ ! -e ${ready} ] && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done`,
    `[ -e ${ready} ] || { cat ${RELAY_DIRECTORY}/log >&2; echo 'the relay in the guest did not start' >&2; exit 1; }`,
  ].join('\n');
}
