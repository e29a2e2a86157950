import type { DaemonName } from '../daemons/contract/daemons.ts';
import type { SmolvmClient } from '../smolvm/client.ts';

/** What connects a bottle's guest to its bundle. */
export interface ChannelContext {
  slug: string;
  /** The loopback address on which the host publishes the bundle's ports. */
  alias: string;
  /** Daemons that the guest may connect to. */
  daemons: readonly DaemonName[];
}

export interface MountedSocket {
  host: string;
  guest: string;
}

/** The network access that a guest is created with. */
export interface NetworkGrants {
  allowedCidrs: string[];
  sockets: MountedSocket[];
}

/** How the guest reaches the bundle and nothing else; each smolvm tier has one. */
export interface Channel {
  readonly name: 'loopback-alias' | 'mounted-socket';
  networkGrants(channelContext: ChannelContext): NetworkGrants;
  /** Called between create and start. */
  confineBeforeStart(machine: string, channelContext: ChannelContext): void;
  /** @throws BottleError `confinement-breached` unless the guest has exactly the requested policy. */
  assertConfinedAfterStart(
    client: SmolvmClient,
    machine: string,
    channelContext: ChannelContext,
  ): Promise<void>;
  /** Returns the guest's address for a daemon that the host publishes on `hostPort` of the alias. */
  guestAddress(
    channelContext: ChannelContext,
    daemon: DaemonName,
    hostPort: number,
  ): { host: string; port: number };
  /** Returns the script, run as root, that sets up the guest's side; empty when there is nothing to do. */
  guestScript(channelContext: ChannelContext): string;
  /** True when guest and bundle are connected only through the kit's own relay. */
  readonly needsRelay: boolean;
  /** True when the guest can reach host services that listen on all addresses. */
  readonly exposesWildcardListeners: boolean;
}
