import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NetworkPolicy, policyOf } from '../../../../smolvm-fakes/src/network/policy.ts';

const profile = { automaticResolver: '1.1.1.1/32', policyBackend: 'tsi', portsBackend: 'tsi' } as const;
type Ports = [number, number][];

function policy(
  network: boolean,
  cidrs: string[] | null,
  ports: Ports = [],
  hosts?: string[],
): NetworkPolicy {
  return policyOf(
    { network, ports, allowed_cidrs: cidrs, dns_filter_hosts: hosts, network_backend: undefined },
    profile,
  );
}

describe('network policy of a record', () => {
  it('policyOf returns none when nothing turns the network on', () => {
    expect(policy(false, null)).toEqual({ kind: 'none' });
    expect(policy(false, [])).toEqual({ kind: 'none' });
  });

  it('policyOf returns unrestricted when the network is on without a list', () => {
    expect(policy(true, null)).toEqual({ kind: 'unrestricted' });
    expect(policy(false, null, [[80, 80]])).toEqual({ kind: 'unrestricted' });
  });

  it('policyOf returns the list, with or without the network flag', () => {
    const list = { kind: 'list', cidrs: ['127.0.0.16/32'] };
    expect(policy(false, ['127.0.0.16/32'])).toEqual(list);
    expect(policy(true, ['127.0.0.16/32'])).toEqual(list);
  });

  it('policyOf adds the resolver unless every address is loopback or the list covers it', () => {
    const cidrsOf = (given: string[]) => {
      const result = policy(true, given);
      return result.kind === 'list' ? result.cidrs : result.kind;
    };
    expect(cidrsOf([])).toEqual(['1.1.1.1/32']);
    expect(cidrsOf(['10.0.0.0/8'])).toEqual(['10.0.0.0/8', '1.1.1.1/32']);
    expect(cidrsOf(['127.0.0.1/32', '10.0.0.0/8'])).toContain('1.1.1.1/32');
    expect(cidrsOf(['1.0.0.0/8'])).toEqual(['1.0.0.0/8']);
    expect(cidrsOf(['127.0.0.0/8', '::1/128'])).toEqual(['127.0.0.0/8', '::1/128']);
    expect(cidrsOf(['126.0.0.0/7'])).toContain('1.1.1.1/32');
  });

  it('policyOf never allows more than the list and the resolver', () => {
    const cidr = fc.ipV4().map((address) => `${address}/32`);
    fc.assert(
      fc.property(fc.array(cidr, { minLength: 1 }), fc.boolean(), (cidrs, network) => {
        const result = policy(network, cidrs);
        expect(result.kind).toBe('list');
        const allowed = result.kind === 'list' ? result.cidrs : [];
        expect(allowed.filter((each) => !cidrs.includes(each) && each !== '1.1.1.1/32')).toEqual([]);
      }),
    );
  });
});
