import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../../../../smolvm-fakes/src/network/firewall.ts';
import { floorOf } from '../../../../smolvm-fakes/src/network/floor.ts';
import { maskedSubnet, reachOf } from '../../../../smolvm-fakes/src/network/subnet.ts';

const LINK = { device: 'smol3', hostAddress: '100.96.0.13', guestAddress: '100.96.0.14' };

function rawRules(cidrs: readonly string[] | 'everything'): string[] {
  const rules = rulesOf(LINK, reachOf(cidrs), 'bottle').filter(({ family }) => family === 'ip');
  return rules
    .filter(({ table }) => table === 'raw')
    .map(({ spec }) => spec.replace(/ -m comment --comment \S+/, ''));
}

describe('firewall rules of a guest', () => {
  it('raw rules accept TCP and UDP from the guest to allowed addresses and drop the rest', () => {
    expect(rawRules(['127.0.0.16/32'])).toEqual([
      '-i smol3 -s 100.96.0.14/32 -d 127.0.0.16/32 -p tcp -j ACCEPT',
      '-i smol3 -s 100.96.0.14/32 -d 127.0.0.16/32 -p udp -j ACCEPT',
      '-i smol3 -j DROP',
    ]);
  });

  it('every firewall rule names its machine, and matches the link or address of the guest', () => {
    const rules = rulesOf(LINK, reachOf(['127.0.0.16/32', '10.0.0.0/8']), 'bottle');
    expect(rules.filter(({ spec }) => !spec.includes('--comment smolvm-fake:bottle '))).toEqual([]);
    expect(rules.filter(({ spec }) => !spec.includes('smol3') && !spec.includes('100.96.0.14'))).toEqual([]);
  });

  it('firewall rules forward nothing for a guest with only loopback addresses', () => {
    const forward = rulesOf(LINK, reachOf(['127.0.0.16/32']), 'b').filter(({ chain }) => chain === 'FORWARD');
    expect(forward.every(({ spec }) => spec.endsWith('-j DROP'))).toBe(true);
    const masquerade = rulesOf(LINK, reachOf(['127.0.0.16/32']), 'b').filter(
      ({ chain }) => chain === 'POSTROUTING',
    );
    expect(masquerade).toEqual([]);
  });
});

describe('firewall rules of a guest with a gateway', () => {
  const raw = (cidrs: string[], leadsToHost: boolean, resolver?: string) =>
    rulesOf(LINK, reachOf(cidrs, ['169.254.0.0/16'], { leadsToHost, resolver }), 'bottle')
      .filter(({ family, table }) => family === 'ip' && table === 'raw')
      .map(({ spec }) => spec.replace(/ -m comment --comment \S+/, ''));

  it('raw rules block the floor first, then all links except a listed gateway', () => {
    expect(raw(['100.96.0.1/32', '127.0.0.0/8'], true, '192.0.2.53')).toEqual([
      '-i smol3 -d 169.254.0.0/16 -j DROP',
      '-i smol3 -s 100.96.0.14/32 -p tcp -m tcp --dport 53 -j ACCEPT',
      '-i smol3 -s 100.96.0.14/32 -d 100.96.0.1/32 -p tcp -j ACCEPT',
      '-i smol3 -s 100.96.0.14/32 -p udp -m udp --dport 53 -j ACCEPT',
      '-i smol3 -s 100.96.0.14/32 -d 100.96.0.1/32 -p udp -j ACCEPT',
      '-i smol3 -d 100.96.0.0/16 -j DROP',
      '-i smol3 -s 100.96.0.14/32 -d 100.96.0.1/32 -p tcp -j ACCEPT',
      '-i smol3 -s 100.96.0.14/32 -d 100.96.0.1/32 -p udp -j ACCEPT',
      '-i smol3 -j DROP',
    ]);
  });

  it('raw rules open no unlisted or dead-end gateway, and no name server without a resolver', () => {
    for (const rules of [raw(['10.0.0.0/8'], true), raw(['100.96.0.1/32'], false)]) {
      const wires = rules.indexOf('-i smol3 -d 100.96.0.0/16 -j DROP');
      expect(rules.slice(0, wires).filter((rule) => rule.includes('ACCEPT'))).toEqual([]);
      expect(rules.indexOf('-i smol3 -p udp -m udp --dport 53 -j DROP')).toBe(wires + 2);
    }
  });
});

describe('egress floor', () => {
  it('floorOf depends on version and environment, and is strict for unknown modes', () => {
    expect(floorOf({ floor: 'none' }, 'virtio-net', {})).toEqual([]);
    expect(floorOf({ floor: 'published' }, 'virtio-net', {})).toEqual(['169.254.0.0/16']);
    expect(floorOf({ floor: 'published' }, 'virtio-net', { SMOLVM_PUBLISH_ADDR: 'x' })).toContain(
      '10.0.0.0/8',
    );
    expect(floorOf({ floor: 'environment' }, 'tsi', {})).toEqual(['169.254.0.0/16']);
    expect(floorOf({ floor: 'environment' }, 'tsi', { SMOLVM_EGRESS_FLOOR: 'off' })).toEqual([]);
    for (const mode of ['strict', 'sttrict']) {
      const floor = floorOf({ floor: 'environment' }, 'virtio-net', { SMOLVM_EGRESS_FLOOR: mode });
      expect(floor).toEqual(expect.arrayContaining(['100.64.0.0/10', '127.0.0.0/8']));
    }
  });
});

describe('reach of CIDRs', () => {
  it("reachOf separates the host's loopback from everything else", () => {
    expect(reachOf(['127.0.0.16/32', '10.1.2.3/8'])).toEqual({
      loopback: ['127.0.0.16/32'],
      outside: ['10.0.0.0/8'],
      floor: [],
    });
    expect(reachOf('everything')).toEqual({ loopback: ['127.0.0.0/8'], outside: ['0.0.0.0/0'], floor: [] });
    expect(reachOf(['126.0.0.0/7'])).toEqual({
      loopback: ['127.0.0.0/8'],
      outside: ['126.0.0.0/7'],
      floor: [],
    });
    expect(reachOf(['128.0.0.0/1'])).toEqual({ loopback: [], outside: ['128.0.0.0/1'], floor: [] });
    expect(reachOf(['::1/128'])).toEqual({ loopback: [], outside: [], floor: [] });
  });

  it('maskedSubnet agrees with Node about which addresses a subnet contains', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 1, max: 32 }), (base, probe, prefix) => {
        const [masked = '', bits] = maskedSubnet(`${base}/${prefix}`).split('/');
        const given = new BlockList();
        given.addSubnet(base, prefix, 'ipv4');
        const ours = new BlockList();
        ours.addSubnet(masked, Number(bits), 'ipv4');
        expect(ours.check(probe, 'ipv4')).toBe(given.check(probe, 'ipv4'));
        expect(given.check(masked, 'ipv4')).toBe(true);
      }),
    );
  });
});
