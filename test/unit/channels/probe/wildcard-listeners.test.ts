import { describe, expect, it } from 'vitest';
import { parseLsof, parseProcNet } from '../../../../lib/channels/probe/wildcard-listeners.ts';

describe('wildcard listeners', () => {
  it('parseProcNet finds only services that listen on all addresses', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue',
      '   0: 00000000:1F90 00000000:0000 0A 00000000:00000000',
      '   1: 0100007F:0016 00000000:0000 0A 00000000:00000000',
      '   2: 00000000:01BB 0A0B0C0D:1234 01 00000000:00000000',
      '   3: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000',
    ].join('\n');
    expect(parseProcNet(table)).toEqual([8080, 80]);
  });

  it('parseLsof finds only services that listen on all addresses', () => {
    expect(parseLsof('p12\nf3\nn*:8080\nf4\nn127.0.0.1:22\np9\nn[::1]:99\nn*:443\n')).toEqual([8080, 443]);
  });
});
