import type { Profile } from '../profile.ts';
import type { VmRecord } from '../state/record.ts';
import { lock } from '../system/flock.ts';
import { backendOf, refuseBackend } from './backend.ts';
import { allowForwarding, install, type Rule, rulesOf } from './firewall.ts';
import { floorOf } from './floor.ts';
import { connect, freeLink, isolate, type Link } from './link.ts';
import { NETWORK_LOCK, takenDevices } from './live-guests.ts';
import { hostResolver, type NetworkPolicy } from './policy.ts';
import { forwards, type Gateway, reachOf, type Subnet } from './subnet.ts';

/** What is on the host because of one guest's network. */
export interface Attachment {
  readonly device: string;
  readonly rules: readonly Rule[];
}

/** What a version's backend adds to a policy. */
export interface Surroundings {
  readonly floor: readonly Subnet[];
  readonly gateway?: Gateway;
}

/** @throws SmolvmError for a policy on a backend that does not carry it. */
export function surroundingsOf(record: VmRecord, profile: Profile): Surroundings {
  refuseBackend(record, profile);
  const backend = backendOf(record, profile);
  const floor = floorOf(profile, backend);
  if (backend === 'tsi') return { floor };
  // Names are filtered as soon as one is allowed, which a packet filter cannot do: none is answered then.
  const filtered = (record.dns_filter_hosts?.length ?? 0) > 0;
  const resolver = filtered ? undefined : hostResolver();
  return { floor, gateway: { leadsToHost: profile.gatewayLeadsToHost, resolver } };
}

/**
 * Gives the guest whose first process is `pid` exactly the network of `policy`. `remember` is called before
 * anything is done to the host, so that a death in between can be swept up.
 */
export async function attachNetwork(
  machine: string,
  pid: number,
  policy: NetworkPolicy,
  surroundings: Surroundings,
  remember: (attachment: Attachment) => void,
): Promise<void> {
  if (policy.kind === 'none') {
    isolate(pid);
    return;
  }
  const cidrs = policy.kind === 'unrestricted' ? 'everything' : policy.cidrs;
  const reach = reachOf(cidrs, surroundings.floor, surroundings.gateway);
  await using _held = await lock(NETWORK_LOCK);
  const link: Link = freeLink(takenDevices());
  const rules = rulesOf(link, reach, machine);
  remember({ device: link.device, rules });
  // Rules first: at no time is there a wire without them.
  install(rules);
  if (forwards(reach)) allowForwarding();
  connect(link, pid, reach);
}
