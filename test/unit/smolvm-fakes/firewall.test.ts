import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesOf } from '../../../smolvm-fakes/src/network/firewall.ts';
import { maskedSubnet, reachOf } from '../../../smolvm-fakes/src/network/subnet.ts';

const LINK = { device: 'smol3', hostAddress: '100.96.0.13', guestAddress: '100.96.0.14' };

function rawRules(cidrs: readonly string[] | 'everything'): string[] {
  const rules = rulesOf(LINK, reachOf(cidrs), 'bottle').filter(({ family }) => family === 'ip');
  return rules
    .filter(({ table }) => table === 'raw')
    .map(({ spec }) => spec.replace(/ -m comment --comment \S+/, ''));
}

describe('the firewall rules of a guest', () => {
  it('let through TCP and UDP from its own address to what is allowed, and then drop the rest', () => {
    expect(rawRules(['127.0.0.16/32'])).toEqual([
      '-i smol3 -s 100.96.0.14/32 -d 127.0.0.16/32 -p tcp -j ACCEPT',
      '-i smol3 -s 100.96.0.14/32 -d 127.0.0.16/32 -p udp -j ACCEPT',
      '-i smol3 -j DROP',
    ]);
  });

  it('all name the machine, so that they can be told from others', () => {
    const rules = rulesOf(LINK, reachOf(['127.0.0.16/32', '10.0.0.0/8']), 'bottle');
    expect(rules.filter(({ spec }) => !spec.includes('--comment smolvm-fake:bottle '))).toEqual([]);
    expect(rules.filter(({ spec }) => !spec.includes('smol3') && !spec.includes('100.96.0.14'))).toEqual([]);
  });

  it('forward nothing for a guest with loopback addresses only', () => {
    const forward = rulesOf(LINK, reachOf(['127.0.0.16/32']), 'b').filter(({ chain }) => chain === 'FORWARD');
    expect(forward.every(({ spec }) => spec.endsWith('-j DROP'))).toBe(true);
    const masquerade = rulesOf(LINK, reachOf(['127.0.0.16/32']), 'b').filter(
      ({ chain }) => chain === 'POSTROUTING',
    );
    expect(masquerade).toEqual([]);
  });
});

describe('where CIDRs lead', () => {
  it('keeps the loopback of the host apart from everything else', () => {
    expect(reachOf(['127.0.0.16/32', '10.1.2.3/8'])).toEqual({
      loopback: ['127.0.0.16/32'],
      outside: ['10.0.0.0/8'],
      floor: [],
    });
    expect(reachOf('everything')).toEqual({ loopback: ['127.0.0.0/8'], outside: ['0.0.0.0/0'] });
    expect(reachOf(['126.0.0.0/7'])).toEqual({ loopback: ['127.0.0.0/8'], outside: ['126.0.0.0/7'] });
    expect(reachOf(['128.0.0.0/1'])).toEqual({ loopback: [], outside: ['128.0.0.0/1'] });
    expect(reachOf(['::1/128'])).toEqual({ loopback: [], outside: [] });
  });

  it('agrees with Node about which addresses a masked subnet holds', () => {
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
