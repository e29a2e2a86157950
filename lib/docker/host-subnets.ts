import { readFile } from 'node:fs/promises';
import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { execa } from 'execa';
import { z } from 'zod';
import { childEnvironment } from '../host/child-environment.ts';

/** An IPv4 network. */
export interface Subnet {
  /** First address, or any other of it. */
  readonly address: string;
  /** Bits of its mask, 0 to 32. */
  readonly bits: number;
}

const linuxRoutes = z.array(z.looseObject({ dst: z.string(), type: z.string().optional() }));

/** Milliseconds for a program that lists routes. */
const PATIENCE_MS = 5_000;

/**
 * Returns the networks that this machine is in or has routes to, such as those of a VPN. The default route is none.
 * Where routes cannot be listed, the machine's own addresses and their masks remain.
 */
export async function hostSubnets(platform = process.platform): Promise<Subnet[]> {
  const [program, ...args] =
    platform === 'darwin'
      ? ['netstat', '-rn', '-f', 'inet']
      : ['ip', '-json', '-4', 'route', 'show', 'table', 'all'];
  const { stdout, exitCode } = await execa(program ?? '', args, {
    ...{ reject: false, timeout: PATIENCE_MS, env: childEnvironment('plain'), extendEnv: false },
  });
  const said = exitCode === 0 ? String(stdout) : '';
  const routes = platform === 'darwin' ? subnetsOfNetstat(said) : subnetsOfIp(said);
  const listed = routes.length > 0 || platform === 'darwin' ? routes : await subnetsOfKernel();
  return [...ownSubnets(), ...listed];
}

/** The networks of the machine's own addresses. */
export function ownSubnets(interfaces = networkInterfaces()): Subnet[] {
  return Object.values(interfaces).flatMap((entries) =>
    (entries ?? []).flatMap(({ address, cidr }) => subnet(cidr ?? address) ?? []),
  );
}

/** Reads the output of `ip -json route`. Anything else is no routes. */
export function subnetsOfIp(said: string): Subnet[] {
  try {
    const routes = linuxRoutes.parse(JSON.parse(said || '[]'));
    return routes.flatMap(({ dst }) => subnet(dst) ?? []);
  } catch {
    return [];
  }
}

/** Reads the output of macOS's `netstat -rn`, which leaves out zeros at the end: `10.8/16`, `192.168.1`. */
export function subnetsOfNetstat(said: string): Subnet[] {
  return said.split('\n').flatMap((line) => {
    const [destination = ''] = line.trim().split(/\s+/);
    const match = /^(\d{1,3}(?:\.\d{1,3}){0,3})(?:\/(\d{1,2}))?$/.exec(destination);
    if (match?.[1] === undefined) return [];
    const octets = match[1].split('.');
    const address = [...octets, '0', '0', '0'].slice(0, 4).join('.');
    return subnet(`${address}/${match[2] ?? octets.length * 8}`) ?? [];
  });
}

/** For machines without the program `ip`. Addresses are little-endian hex. */
async function subnetsOfKernel(): Promise<Subnet[]> {
  const text = await readFile('/proc/net/route', 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination = '', , , , , , mask = ''] = line.split('\t');
      if (!/^[0-9A-F]{8}$/i.test(destination) || !/^[0-9A-F]{8}$/i.test(mask)) return [];
      const address = [...Buffer.from(destination, 'hex')].reverse().join('.');
      const bits = Number.parseInt(mask, 16).toString(2).replaceAll('0', '').length;
      return subnet(`${address}/${bits}`) ?? [];
    });
}

/** Wider routes are halves and quarters of the default route, as some VPNs set them. */
const LEAST_BITS = 8;

/** Parses `address/bits`, or an address alone. Whatever is wider than a /8, and IPv6, is `undefined`. */
export function subnet(text: string): Subnet | undefined {
  const [address = '', mask = '32', ...more] = text.split('/');
  const bits = Number(mask);
  if (!isIPv4(address) || more.length > 0 || !/^\d{1,2}$/.test(mask) || bits > 32 || bits < LEAST_BITS)
    return undefined;
  return { address, bits };
}

/** Whether two networks have an address in common. */
export function overlaps(one: Subnet, other: Subnet): boolean {
  const [wide, narrow] = one.bits <= other.bits ? [one, other] : [other, one];
  const list = new BlockList();
  list.addSubnet(wide.address, wide.bits);
  return list.check(narrow.address);
}
