/** An IPv4 network without host bits, e.g. `10.0.0.0/8`. */
export type Subnet = string;

export interface Reach {
  /** Parts of the host's 127.0.0.0/8, delivered on the host itself. */
  readonly loopback: readonly Subnet[];
  /** Everything else: the host's other addresses, and what it can forward to. */
  readonly outside: readonly Subnet[];
  /** What stays blocked, whatever the other two say. */
  readonly floor: readonly Subnet[];
  /**
   * Set under virtio-net, where the guest has its own loopback addresses and refused packets vanish silently.
   */
  readonly gateway?: Gateway;
}

/** What virtio-net's gateway does beyond forwarding. */
export interface Gateway {
  /** Whether its ports are those of the host's 127.0.0.1. */
  readonly leadsToHost: boolean;
  /** The name server that gets what the guest sends to any port 53; undefined for none. */
  readonly resolver: string | undefined;
}

/** The gateway's own address, as the guest sees it. */
export const GATEWAY = '100.96.0.1';

const EVERYTHING = '0.0.0.0/0';
const LOOPBACK = '127.0.0.0/8';

/** Where IPv4 CIDRs lead. IPv6 CIDRs lead nowhere, because the fake gives guests no IPv6. */
export function reachOf(
  cidrs: readonly string[] | 'everything',
  floor: readonly Subnet[] = [],
  gateway?: Gateway,
): Reach {
  const subnets = (cidrs === 'everything' ? [EVERYTHING] : cidrs)
    .filter((cidr) => !cidr.includes(':'))
    .map(maskedSubnet);
  const loopback = subnets.flatMap((subnet) => {
    if (subnet.startsWith('127.') && prefixOf(subnet) >= 8) return [subnet];
    return containsLoopback(subnet) ? [LOOPBACK] : [];
  });
  const outside = subnets.filter((subnet) => !(subnet.startsWith('127.') && prefixOf(subnet) >= 8));
  return {
    loopback: gateway === undefined ? [...new Set(loopback)] : [],
    outside: [...new Set(outside)],
    floor,
    ...(gateway === undefined ? {} : { gateway }),
  };
}

/** Clears host bits: `10.1.2.3/8` becomes `10.0.0.0/8`. */
export function maskedSubnet(cidr: string): Subnet {
  const prefix = prefixOf(cidr);
  const mask = prefix === 0 ? 0 : (~0 << (32 - prefix)) >>> 0;
  return `${textOf((numberOf(cidr.split('/')[0] ?? '') & mask) >>> 0)}/${prefix}`;
}

export function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

export function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) >>> 0;
}

/** Whether the host has to forward the guest's packets, not just receive them. */
export function forwards(reach: Reach): boolean {
  return reach.outside.length > 0 || reach.gateway?.resolver !== undefined;
}

export function holds(subnet: Subnet, address: string): boolean {
  return maskedSubnet(`${address}/${prefixOf(subnet)}`) === subnet;
}

function prefixOf(cidr: string): number {
  const prefix = cidr.split('/')[1];
  return prefix === undefined ? 32 : Number(prefix);
}

function containsLoopback(subnet: Subnet): boolean {
  const prefix = prefixOf(subnet);
  return prefix < 8 && maskedSubnet(`127.0.0.0/${prefix}`) === subnet;
}
