import { lock } from '../system/flock.ts';
import { allowForwarding, install, type Rule, rulesOf } from './firewall.ts';
import { connect, freeLink, isolate, type Link } from './link.ts';
import type { NetworkPolicy } from './policy.ts';
import { NETWORK_LOCK, takenDevices } from './registry.ts';
import { reachOf } from './subnet.ts';

/** What is on the host because of one guest's network. */
export interface Attachment {
  readonly device: string;
  readonly rules: readonly Rule[];
}

/**
 * Gives the guest whose first process is `pid` exactly the network of `policy`. `remember` is called before
 * anything is done to the host, so that a death in between can be swept up.
 */
export async function attachNetwork(
  machine: string,
  pid: number,
  policy: NetworkPolicy,
  remember: (attachment: Attachment) => void,
): Promise<void> {
  if (policy.kind === 'none') {
    isolate(pid);
    return;
  }
  const reach = reachOf(policy.kind === 'unrestricted' ? 'everything' : policy.cidrs);
  await using _held = await lock(NETWORK_LOCK);
  const link: Link = freeLink(takenDevices());
  const rules = rulesOf(link, reach, machine);
  remember({ device: link.device, rules });
  // Rules first: at no time is there a wire without them.
  install(rules);
  if (reach.outside.length > 0) allowForwarding();
  connect(link, pid, reach);
}
