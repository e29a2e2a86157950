import type { DaemonName } from '../daemons/contract/daemons.ts';
import type { SmolvmClient } from '../smolvm/client.ts';

/** Where a bottle's guest and bundle meet. */
export interface ChannelContext {
  slug: string;
  /** The loopback address on which the host publishes the bundle's ports. */
  alias: string;
  /** Daemons that the guest may dial. */
  daemons: readonly DaemonName[];
}

export interface MountedSocket {
  host: string;
  guest: string;
}

/** What a guest is created with, as far as its ways out go. */
export interface NetworkGrants {
  allowedCidrs: string[];
  sockets: MountedSocket[];
}

/** How the guest reaches the bundle, and nothing else. One for each tier of smolvm. */
export interface Channel {
  readonly name: 'loopback-alias' | 'mounted-socket';
  networkGrants(channelContext: ChannelContext): NetworkGrants;
  /** Between create and start. */
  confineBeforeStart(machine: string, channelContext: ChannelContext): void;
  /** @throws BottleError `confinement-breached` for anything but exactly the policy asked for. */
  assertConfinedAfterStart(
    client: SmolvmClient,
    machine: string,
    channelContext: ChannelContext,
  ): Promise<void>;
  /** Address at which the guest finds a daemon that the host publishes on `hostPort` of the alias. */
  guestAddress(
    channelContext: ChannelContext,
    daemon: DaemonName,
    hostPort: number,
  ): { host: string; port: number };
  /** Script that readies the guest's side, run as root; empty when there is nothing to do. */
  guestScript(channelContext: ChannelContext): Promise<string>;
  /** True when the host can reach guests' ways out only through the kit's own relay. */
  readonly needsRelay: boolean;
  /** True when host services that bind every address cannot be hidden from the guest. */
  readonly exposesWildcardListeners: boolean;
}
