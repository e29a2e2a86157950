import { type DaemonName, daemonPort } from '../daemons/contract/daemons.ts';
import { GUEST_TOOL } from '../guest/tool.ts';
import { readLaunchedPolicy } from '../smolvm/launched-policy.ts';
import { readMachineRecord } from '../smolvm/state-db.ts';
import { breached } from './breached.ts';
import type { Channel } from './channel.ts';
import { guestSocket, hostSocket } from './socket-place.ts';

/** Directory of the lock that the guest's relay holds; only root can enter, so the agent cannot hold it. */
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
  guestScript: ({ daemons }) => relayScript(daemons),
};

function assertNoNetwork(machine: string): void {
  const record = readMachineRecord(machine);
  const names = record.dns_filter_hosts ?? [];
  const cidrs = record.allowed_cidrs ?? [];
  if (!record.network && record.ports.length === 0 && cidrs.length === 0 && names.length === 0) return;
  const found = { network: record.network, ports: record.ports.length, cidrs, names };
  throw breached(machine, `has the stored policy ${JSON.stringify(found)} instead of no network at all`);
}

/** Replaces the guest's relay; returns when it listens. */
function relayScript(daemons: readonly DaemonName[]): string {
  const pairs = daemons.map((daemon) => `${daemonPort(daemon)}=${guestSocket(daemon)}`);
  return [
    `mkdir -p -m 0700 ${RELAY_DIRECTORY}`,
    `${GUEST_TOOL} relay ${RELAY_DIRECTORY}/lock ${pairs.join(' ')}`,
  ].join('\n');
}
