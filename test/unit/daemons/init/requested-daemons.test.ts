import { describe, expect, it } from 'vitest';
import { requestedDaemons } from '../../../../lib/daemons/init/requested-daemons.ts';

describe('requestedDaemons', () => {
  it.each([
    [undefined, []],
    ['', []],
    [' , ', []],
    ['egress', ['egress']],
    ['egress,selftest', ['selftest', 'egress']],
    [' selftest , egress,egress', ['selftest', 'egress']],
  ])('requestedDaemons(%j) returns %j', (csv, names) => expect(requestedDaemons(csv)).toEqual(names));

  it('requestedDaemons rejects an unknown name and lists the known ones', () => {
    expect(() => requestedDaemons('egress,pipelok')).toThrow(/"pipelok".*selftest, egress/);
  });
});
