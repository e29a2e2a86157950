import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

// Both lists follow the IANA special-purpose address registries (RFC 6890 and its updates).
/**
 * Refused for every route: link-local and cloud metadata, this-network, multicast, reserved, translated IPv4.
 */
const NEVER = blockList([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.175.48.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['100:0:0:1::', 64],
  ['2001::', 23],
  ['2620:4f:8000::', 48],
  ['5f00::', 16],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['fd00:c1::', 32],
  ['fd00:ec2::', 32],
  ['fd20:ce::', 32],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
]);

/** Refused unless the route has `private: true`: loopback, private, shared, benchmark, documentation. */
const PRIVATE = blockList([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['::1', 128],
  ['100::', 64],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['fc00::', 7],
]);

export type Reach = 'public' | 'private';

/**
 * Whether egress may dial `address` for a route of this reach. IPv4 inside IPv6 counts as that IPv4 address.
 */
export function mayDial(address: string, reach: Reach): boolean {
  if (isIP(address) === 0) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  // ::1 is in the range of IPv4-compatible addresses, all others of which are always refused.
  if (address === '::1') return reach === 'private';
  if (NEVER.check(address, family)) return false;
  return reach === 'private' || !PRIVATE.check(address, family);
}

/** Resolves a name to all its addresses. Never calls back before it returns. */
export type ResolveAll = (
  hostname: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const systemResolve: ResolveAll = (hostname, done) => {
  systemLookup(hostname, { all: true, order: 'verbatim' }, done);
};

/**
 * A `lookup` for sockets that only returns addresses that may be dialed. The check and the dial use the same
 * DNS response, so a name that resolves differently a moment later (DNS rebinding) has no effect.
 */
export function guardedLookup(reach: Reach, resolve: ResolveAll = systemResolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const allowed = addresses.filter(({ address }) => mayDial(address, reach));
      const [first] = allowed;
      if (first === undefined) return callback(new RefusedAddressError(hostname), []);
      if (options.all === true) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

/**
 * For connections that another proxy makes: it resolves the name itself and picks any address, so every
 * address of the name must be one that may be dialed.
 * @throws RefusedAddressError; the resolver's error; the signal's reason once it is aborted.
 */
export function assertMayDial(
  hostname: string,
  { reach, resolve = systemResolve }: { reach: Reach; resolve?: ResolveAll | undefined },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((done, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    resolve(hostname, (error, addresses) => {
      if (error !== null) return fail(error);
      const all = addresses.length > 0 && addresses.every(({ address }) => mayDial(address, reach));
      if (all) done();
      else fail(new RefusedAddressError(hostname));
    });
  });
}

export class RefusedAddressError extends Error {
  readonly code = 'ADDRESS_REFUSED';

  constructor(hostname: string) {
    super(`${hostname} resolves to addresses inside a private network, which egress does not dial`);
    this.name = 'RefusedAddressError';
  }
}

function blockList(subnets: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of subnets) {
    // Not `isIPv6`: its first call takes as long as the rest of this module.
    list.addSubnet(address, prefix, address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
