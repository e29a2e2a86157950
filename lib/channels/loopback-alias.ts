import { isDeepStrictEqual } from 'node:util';
import { readLaunchedPolicy } from '../smolvm/launched-policy.ts';
import { patchAllowedCidrs, readMachineRecord } from '../smolvm/state-db.ts';
import { breached } from './breached.ts';
import type { Channel } from './channel.ts';

/**
 * smolvm 0.8.0 to 1.1.2: the guest's connections to an allowed 127.0.0.N arrive at the host's 127.0.0.N,
 * where the bundle's ports are published. A guest's policy must allow exactly its own alias.
 */
export const loopbackAlias: Channel = {
  name: 'loopback-alias',
  needsRelay: false,
  exposesWildcardListeners: true,
  networkGrants: ({ alias }) => ({ allowedCidrs: policy(alias), sockets: [] }),

  confineBeforeStart(machine, { alias }) {
    // `create --from` drops the policy it is given.
    patchAllowedCidrs(machine, policy(alias));
    assertStored(machine, alias);
  },

  async assertConfinedAfterStart(client, machine, { alias }) {
    assertStored(machine, alias);
    const launched = await readLaunchedPolicy(await client.machineDataDirectory(machine));
    if (!isDeepStrictEqual(launched.allowedCidrs, policy(alias)) || launched.ports > 0) {
      throw breached(machine, `was started with ${JSON.stringify(launched)} instead of exactly ${alias}/32`);
    }
  },

  guestAddress: ({ alias }, _daemon, hostPort) => ({ host: alias, port: hostPort }),
  guestScript: () => '',
};

const policy = (alias: string) => [`${alias}/32`];

function assertStored(machine: string, alias: string): void {
  const record = readMachineRecord(machine);
  const names = record.dns_filter_hosts ?? [];
  const exact = isDeepStrictEqual(record.allowed_cidrs, policy(alias));
  // With `network: true`, the guest could reach everything if the list were lost.
  if (exact && !record.network && record.ports.length === 0 && names.length === 0) return;
  const found = { network: record.network, ports: record.ports.length, cidrs: record.allowed_cidrs, names };
  throw breached(machine, `has the stored policy ${JSON.stringify(found)} instead of exactly ${alias}/32`);
}
