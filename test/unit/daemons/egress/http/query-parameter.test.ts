import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutParameter, withParameter } from '../../../../../lib/daemons/egress/http/query-parameter.ts';

describe('withoutParameter', () => {
  it.each([
    ['', ''],
    ['?', '?'],
    ['?key=mine', ''],
    ['?key', ''],
    ['?key=mine&a=1', '?a=1'],
    ['?a=1&key=mine', '?a=1'],
    ['?a=1&key=mine&b=2', '?a=1&b=2'],
    ['?key=1&a=1&key=2&b=2&key=', '?a=1&b=2'],
    ['?%6bey=mine&a=1', '?a=1'],
    ['?%6B%65%79=mine&a=1', '?a=1'],
    ['?KEY=mine&a=1', '?a=1'],
    ['?key[]=mine&key%5B0%5D=mine&[key]=mine&a=1', '?a=1'],
    ['?+key+=mine&%20key=mine&a=1', '?a=1'],
    ['?key%00x=mine&a=1', '?a=1'],
    ['?a=1;key=mine;b=2', '?a=1;b=2'],
    ['?key=a=b&a=1', '?a=1'],
  ])('of the query %j without `key`, %j is left', (query, left) => {
    expect(withoutParameter(query, 'key')).toBe(left);
  });

  it.each(['?api.key=mine', '?api_key=mine', '?api key=mine', '?api+key=mine'])(
    'PHP takes the parameter in %j for api_key, which is removed',
    (query) => {
      expect(withoutParameter(query, 'api_key')).toBe('');
    },
  );

  it.each(['?monkey=1&keys=2&a=key&b=%26key=x', '?a=%zz&&b=%E2%9C%93+x&=&c', '?a[key]=1', '?%256bey=1'])(
    'a query without the parameter stays byte for byte: %j',
    (query) => {
      expect(withoutParameter(query, 'key')).toBe(query);
    },
  );

  it('whatever is in a query, no parameter of the name is left, and all others stay in order', () => {
    const text = fc.stringMatching(/^[a-zA-Z0-9%+.[\]_~-]{0,6}$/);
    const spelling = fc.constantFrom('key', 'k%65y', '%4Bey', 'Key', 'key[]', 'other', 'keys', '');
    const pair = fc.tuple(fc.oneof(text, spelling), text).map(([name, value]) => `${name}=${value}`);
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1 }), (pairs) => {
        const left = withoutParameter(`?${pairs.join('&')}`, 'key').slice(1);
        expect(new URLSearchParams(left).has('key')).toBe(false);
        const others = left === '' ? [] : left.split('&');
        let at = -1;
        for (const other of others) {
          at = pairs.indexOf(other, at + 1);
          expect(at).toBeGreaterThanOrEqual(0);
        }
        expect(pairs.length - others.length).toBe(
          pairs.filter((one) => withoutParameter(`?${one}`, 'key') === '').length,
        );
      }),
    );
  });
});

describe('withParameter', () => {
  it.each([
    ['', '?key=t'],
    ['?', '?key=t'],
    ['?a=1', '?a=1&key=t'],
    ['?a=%zz&', '?a=%zz&&key=t'],
  ])('to the query %j it adds the parameter: %j', (query, whole) => {
    expect(withParameter(query, 'key', 't')).toBe(whole);
  });

  it('the value can be read back, whatever it holds', () => {
    const value = '/+sk&live=9f"2c%7a#81;\\';
    const query = withParameter('?a=1', 'key', value);
    expect(query).toMatch(/^\?a=1&key=[A-Za-z0-9%._!~*'()-]+$/);
    expect(new URLSearchParams(query).get('key')).toBe(value);
  });
});
