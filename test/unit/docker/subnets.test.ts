import { describe, expect, it } from 'vitest';
import {
  hostSubnets,
  overlaps,
  ownSubnets,
  subnet,
  subnetsOfIp,
  subnetsOfNetstat,
} from '../../../lib/docker/host-subnets.ts';
import { subnetCandidates, subnetPools } from '../../../lib/docker/network.ts';

const parsed = (text: string) => subnet(text) ?? { address: '', bits: -1 };
const collides = (taken: ReturnType<typeof subnetsOfIp>, candidate: string) =>
  taken.some((one) => overlaps(one, parsed(candidate)));

describe('subnet of a bottle', () => {
  it('a slug’s candidate subnets are stable: all of 192.168.0.0/16 except one that Docker likes', () => {
    const candidates = subnetCandidates('demo-abcde');
    expect(subnetCandidates('demo-abcde')).toEqual(candidates);
    expect(new Set(candidates).size).toBe(255);
    expect(candidates).not.toContain('192.168.17.0/24');
    expect(candidates.every((one) => /^192\.168\.\d+\.0\/24$/.test(one))).toBe(true);
  });

  it.each([
    ['10.99.0.0/16', /^10\.99\.\d+\.0\/24$/],
    ['10.99.4.0/22', /^10\.99\.[4-7]\.0\/24$/],
    ['10.99.17.0/24', /^10\.99\.17\.0\/24$/],
    ['10.0.0.0/8', /^10\.\d+\.\d+\.0\/24$/],
  ])('the candidates of %s lie in it', (pool, form) => {
    const candidates = subnetCandidates('demo-abcde', pool);
    expect(candidates.length).toBeGreaterThan(0);
    for (const one of candidates) {
      expect(one).toMatch(form);
      expect(overlaps(parsed(pool), parsed(one))).toBe(true);
    }
  });

  it('the person can name other networks to choose from', () => {
    expect(subnetPools({ BOT_BOTTLE_SUBNETS: '10.99.0.0/16, 10.98.4.0/24' })).toEqual([
      '10.99.0.0/16',
      '10.98.4.0/24',
    ]);
    expect(subnetPools({ BOT_BOTTLE_SUBNETS: ' ' })).toEqual(subnetPools({}));
  });

  it.each(['10.99.0.0', '10.99.0.0/25', '0.0.0.0/0', 'fd00::/8', '10.99.0.0/16;10.98.0.0/16', '10.99/16'])(
    '%s is refused as a network to choose from',
    (given) => {
      expect(() => subnetPools({ BOT_BOTTLE_SUBNETS: given })).toThrow(/BOT_BOTTLE_SUBNETS/);
    },
  );
});

describe('networks of the machine', () => {
  const address = { netmask: '', mac: '', internal: false } as const;

  it('the mask of an address counts: a LAN with a /16 collides with all of it', () => {
    const taken = ownSubnets({
      eth0: [{ ...address, family: 'IPv4', address: '192.168.5.23', cidr: '192.168.5.23/16' }],
    });
    expect(collides(taken, '192.168.200.0/24')).toBe(true);
    expect(collides(taken, '172.30.1.0/24')).toBe(false);
  });

  it('of an address without a known mask, its own /24 collides', () => {
    const taken = ownSubnets({
      eth0: [{ ...address, family: 'IPv4', address: '192.168.5.23', cidr: null }],
    });
    expect(collides(taken, '192.168.5.0/24')).toBe(true);
    expect(collides(taken, '192.168.50.0/24')).toBe(false);
  });

  it('routes of a VPN collide, but not the default route or its halves', () => {
    const taken = subnetsOfIp(
      JSON.stringify([
        { dst: 'default', gateway: '10.0.0.1', dev: 'eth0', flags: [] },
        { dst: '0.0.0.0/1', dev: 'tun0', flags: [] },
        { dst: '128.0.0.0/1', dev: 'tun0', flags: [] },
        { dst: '192.168.64.0/18', gateway: '10.8.0.1', dev: 'tun0', flags: [] },
        { type: 'local', dst: '10.8.0.6', dev: 'tun0', flags: [] },
      ]),
    );
    expect(collides(taken, '192.168.100.0/24')).toBe(true);
    expect(collides(taken, '10.8.0.0/24')).toBe(true);
    expect(collides(taken, '192.168.1.0/24')).toBe(false);
  });

  it('the routes of macOS are read, with the zeros that it leaves out', () => {
    const taken = subnetsOfNetstat(`Routing tables

Internet:
Destination        Gateway            Flags               Netif Expire
default            192.168.1.1        UGScg                 en0
10.8/16            10.8.0.5           UGSc                utun4
127                127.0.0.1          UCS                   lo0
169.254            link#14            UCS                   en0      !
192.168.1          link#14            UCS                   en0      !
192.168.1.23/32    link#14            UCS                   en0      !
192.168.64.0/20    10.8.0.5           UGSc                utun4
224.0.0/4          link#14            UmCS                  en0      !
`);
    for (const one of ['10.8.200.0/24', '192.168.1.0/24', '192.168.70.0/24', '169.254.9.0/24'])
      expect(collides(taken, one), one).toBe(true);
    for (const one of ['192.168.2.0/24', '10.9.0.0/24', '192.168.80.0/24'])
      expect(collides(taken, one), one).toBe(false);
  });

  it.each(['', 'Object "route" is unknown', '{"dst":1}'])('what is no list of routes is none: %j', (said) => {
    expect(subnetsOfIp(said)).toEqual([]);
  });

  it('this machine is in its own loopback network', async () => {
    expect(collides(await hostSubnets(), '127.0.0.0/24')).toBe(true);
  });
});
