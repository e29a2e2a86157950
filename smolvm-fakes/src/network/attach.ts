import type { Profile } from '../profile.ts';
import type { Relay } from '../sockets/relay.ts';
import type { VmRecord } from '../state/record.ts';
import { lock } from '../system/flock.ts';
import { isRootless } from '../system/rootless.ts';
import { backendOf, refuseBackend } from './backend.ts';
import { allowForwarding, install, type Rule, rulesOf } from './firewall.ts';
import { floorOf } from './floor.ts';
import { connect, freeLink, isolate, type Link } from './link.ts';
import { NETWORK_LOCK, takenDevices } from './live-guests.ts';
import { hostResolver, type NetworkPolicy } from './policy.ts';
import { connectRootless } from './rootless.ts';
import { forwards, type Gateway, reachOf, type Subnet } from './subnet.ts';

/** What one guest's network adds to the host. */
export interface Attachment {
  readonly device: string;
  readonly rules: readonly Rule[];
}

/** What a version's backend adds to a policy. */
export interface Surroundings {
  readonly floor: readonly Subnet[];
  readonly gateway?: Gateway;
}

/** @throws SmolvmError for a policy on a backend that does not support it. */
export function surroundingsOf(record: VmRecord, profile: Profile): Surroundings {
  refuseBackend(record, profile);
  const backend = backendOf(record, profile);
  const floor = floorOf(profile, backend);
  if (backend === 'tsi') return { floor };
  // Any allowed host turns on name filtering. A packet filter cannot do that, so no name server responds.
  const filtered = (record.dns_filter_hosts?.length ?? 0) > 0;
  const resolver = filtered ? undefined : hostResolver();
  return { floor, gateway: { leadsToHost: profile.gatewayLeadsToHost, resolver } };
}

/**
 * Gives the guest whose first process is `pid` exactly the network of `policy`. Calls `remember` before
 * changing anything on the host, so that a crash in between can be cleaned up.
 * @returns the process that relays the guest's connections, if there is one.
 */
export async function attachNetwork(
  machine: string,
  pid: number,
  policy: NetworkPolicy,
  surroundings: Surroundings,
  remember: (attachment: Attachment) => void,
): Promise<Relay | undefined> {
  if (policy.kind === 'none') {
    isolate(pid);
    return undefined;
  }
  const cidrs = policy.kind === 'unrestricted' ? 'everything' : policy.cidrs;
  const reach = reachOf(cidrs, surroundings.floor, surroundings.gateway);
  if (isRootless()) return connectRootless(pid, reach);
  await using _held = await lock(NETWORK_LOCK);
  const link: Link = freeLink(takenDevices());
  const rules = rulesOf(link, reach, machine);
  remember({ device: link.device, rules });
  // Rules first: the link must never exist without them.
  install(rules);
  if (forwards(reach)) allowForwarding();
  connect(link, pid, reach);
  return undefined;
}
