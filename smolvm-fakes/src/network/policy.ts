import { readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { isIpv4Cidr } from '../cli/values.ts';
import type { Profile } from '../profile.ts';
import type { VmRecord } from '../state/record.ts';
import { backendOf } from './backend.ts';

/** What a started guest may reach. */
export type NetworkPolicy =
  | { readonly kind: 'none' }
  | { readonly kind: 'unrestricted' }
  | { readonly kind: 'list'; readonly cidrs: readonly string[] };

/** Acts as smolvm's launch planner: the record at start time decides, whatever wrote it. */
export function policyOf(
  record: Pick<VmRecord, 'network' | 'ports' | 'allowed_cidrs' | 'dns_filter_hosts' | 'network_backend'>,
  profile: Pick<Profile, 'automaticResolver' | 'policyBackend' | 'portsBackend'>,
): NetworkPolicy {
  const cidrs = record.allowed_cidrs;
  const filtered = (record.dns_filter_hosts?.length ?? 0) > 0;
  const on = record.network || record.ports.length > 0 || (cidrs?.length ?? 0) > 0 || filtered;
  if (!on) return { kind: 'none' };
  if (cidrs === null) return { kind: 'unrestricted' };
  // The virtio-net gateway stands in for every name server, so the list needs no resolver.
  if (backendOf(record, profile) === 'virtio-net') return { kind: 'list', cidrs };
  const resolver = profile.automaticResolver === 'host' ? ownResolver() : profile.automaticResolver;
  return { kind: 'list', cidrs: withResolver(cidrs, resolver) };
}

function ownResolver(): string | undefined {
  const address = hostResolver();
  return address === undefined ? undefined : `${address}/32`;
}

/** The host's first IPv4 name server. */
export function hostResolver(): string | undefined {
  try {
    const [, address] = /^nameserver\s+([\d.]+)\s*$/m.exec(readFileSync('/etc/resolv.conf', 'utf8')) ?? [];
    return address;
  } catch {
    return undefined;
  }
}

function withResolver(cidrs: readonly string[], resolver: string | undefined): readonly string[] {
  if (resolver === undefined) return cidrs;
  if (cidrs.length > 0 && cidrs.every(isLoopback)) return cidrs;
  return cidrs.some((cidr) => covers(cidr, resolver)) ? cidrs : [...cidrs, resolver];
}

function isLoopback(cidr: string): boolean {
  const { address, prefix } = split(cidr);
  return isIpv4Cidr(cidr) ? prefix >= 8 && address.startsWith('127.') : prefix === 128 && address === '::1';
}

function covers(cidr: string, other: string): boolean {
  if (!isIpv4Cidr(cidr) || !isIpv4Cidr(other)) return false;
  const outer = split(cidr);
  const inner = split(other);
  const list = new BlockList();
  list.addSubnet(outer.address, outer.prefix, 'ipv4');
  return outer.prefix <= inner.prefix && list.check(inner.address, 'ipv4');
}

function split(cidr: string): { address: string; prefix: number } {
  const [address = '', prefix] = cidr.split('/');
  return { address, prefix: prefix === undefined ? (isIpv4Cidr(cidr) ? 32 : 128) : Number(prefix) };
}
