import { existsSync } from 'node:fs';
import { run } from '../system/run.ts';
import type { Reach } from './subnet.ts';
import { numberOf, textOf } from './subnet.ts';

/** Each running machine has its own /30 in this /16. */
const POOL = '100.96.0.0';
const SLOTS = 16_384;

/** The routing table, in the guest's own network namespace, that sends loopback addresses to the host. */
const TABLE = '77';

/** A machine's only link: a veth pair. */
export interface Link {
  /** The interface on the host. */
  readonly device: string;
  readonly hostAddress: string;
  readonly guestAddress: string;
}

/** The lowest link that is not used by an interface or listed in `taken`. Call it under the network lock. */
export function freeLink(taken: ReadonlySet<string>): Link {
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const device = `smol${slot}`;
    if (taken.has(device) || existsSync(`/sys/class/net/${device}`)) continue;
    const base = numberOf(POOL) + slot * 4;
    return { device, hostAddress: textOf(base + 1), guestAddress: textOf(base + 2) };
  }
  throw new Error('all 16384 links are in use');
}

/** Sysctls for the host's end: no source routing, no redirects, no IPv6. */
const HOST_SETTINGS = [
  ['ipv4', 'route_localnet', '1'],
  ['ipv4', 'rp_filter', '0'],
  ['ipv4', 'accept_source_route', '0'],
  ['ipv4', 'accept_redirects', '0'],
  ['ipv4', 'send_redirects', '0'],
  ['ipv6', 'disable_ipv6', '1'],
] as const;

/**
 * Links the network namespace of `pid` to the host, with guest routes to `reach` and nowhere else. ARP is off
 * on both ends, and both have the same MAC address: an interface without ARP sends frames to its own address,
 * so the ends still reach each other, and the host does not respond to ARP requests for its other addresses.
 */
export function connect(link: Link, pid: number, reach: Reach): void {
  const [, , second, third] = link.hostAddress
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'));
  const mac = `02:53:4d:56:${second}:${third}`;
  run('ip', ['-batch', '-'], {
    input: [
      `link add ${link.device} address ${mac} type veth peer name eth0 address ${mac} netns ${pid}`,
      `link set ${link.device} arp off`,
      `addr add ${link.hostAddress} peer ${link.guestAddress} dev ${link.device}`,
      '',
    ].join('\n'),
  });
  run('/bin/sh', ['-c', settingsScript(link.device, HOST_SETTINGS)]);
  run('ip', ['link', 'set', link.device, 'up']);

  const within = ['--target', String(pid), '--net', '--'];
  const settings = settingsScript('eth0', [
    ['ipv4', 'route_localnet', '1'],
    ['ipv4', 'rp_filter', '0'],
    ['ipv6', 'disable_ipv6', '1'],
  ]);
  run('nsenter', [...within, '/bin/sh', '-c', settings]);
  run('nsenter', [...within, 'ip', '-batch', '-'], { input: guestCommands(link, reach).join('\n') });
}

/** Brings up the loopback interface, which even a guest without a network has. */
export function isolate(pid: number): void {
  run('nsenter', ['--target', String(pid), '--net', '--', 'ip', 'link', 'set', 'lo', 'up']);
}

function guestCommands(link: Link, reach: Reach): string[] {
  const onWire = `dev eth0 scope link src ${link.guestAddress}`;
  // What is not allowed fails at once with EACCES, like a connection that TSI refuses.
  const refused = reach.outside.includes('0.0.0.0/0') ? [] : ['route add prohibit default'];
  // Under virtio-net, all but the guest's own loopback goes to the host, which drops what is not allowed.
  if (reach.gateway !== undefined) {
    return [
      'link set lo up',
      'link set eth0 arp off',
      `addr add ${link.guestAddress}/32 dev eth0`,
      'link set eth0 up',
      `route add default ${onWire}`,
      '',
    ];
  }
  return [
    'link set lo up',
    'link set eth0 arp off',
    `addr add ${link.guestAddress}/32 dev eth0`,
    'link set eth0 up',
    // The kernel's own table claims 127.0.0.0/8 and is looked up first, so ours has to come before it.
    'rule add pref 100 lookup local',
    `rule add pref 10 lookup ${TABLE}`,
    'rule del pref 0',
    ...reach.loopback.map((subnet) => `route add ${subnet} ${onWire} table ${TABLE}`),
    ...reach.outside.map((subnet) => `route add ${subnet} ${onWire}`),
    ...refused,
    '',
  ];
}

/**
 * Both arguments are the fake's own constants, never input. A kernel without IPv6 lacks some of the files.
 */
function settingsScript(device: string, settings: ReadonlyArray<readonly [string, string, string]>): string {
  return settings
    .map(([family, key, value]) => {
      const file = `/proc/sys/net/${family}/conf/${device}/${key}`;
      return `[ ! -e ${file} ] || echo ${value} > ${file} || exit 1`;
    })
    .join('\n');
}
