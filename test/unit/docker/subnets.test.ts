import { describe, expect, it } from 'vitest';
import { isOnHost, subnetCandidates } from '../../../lib/docker/network.ts';

describe('subnet of a bottle', () => {
  it('a slug’s candidate subnets are stable: all of 192.168.0.0/16 except Docker’s usual one', () => {
    const candidates = subnetCandidates('demo-abcde');
    expect(subnetCandidates('demo-abcde')).toEqual(candidates);
    expect(new Set(candidates).size).toBe(255);
    expect(candidates).not.toContain('192.168.17.0/24');
  });

  it('isOnHost detects subnets that the machine is on', () => {
    const address = {
      address: '192.168.5.23',
      netmask: '',
      family: 'IPv4',
      mac: '',
      internal: false,
      cidr: null,
    } as const;
    expect(isOnHost('192.168.5.0/24', { eth0: [address] })).toBe(true);
    expect(isOnHost('192.168.50.0/24', { eth0: [address] })).toBe(false);
  });
});
