import { describe, expect, it } from 'vitest';
import { upstreamFailure } from '../../../../lib/daemons/egress/inbound/upstream-failure.ts';
import { readTokens } from '../../../../lib/daemons/egress/policy/tokens.ts';
import { Lru } from '../../../../lib/daemons/shared/lru.ts';

describe('token slots', () => {
  it('are read by name; empty ones and other variables are not tokens', () => {
    const { values, unusable } = readTokens({
      EGRESS_TOKEN_0: 'a',
      EGRESS_TOKEN_1: '',
      EGRESS_TOKEN_X: 'b',
      HOME: '/root',
    });
    expect([...values]).toEqual([['EGRESS_TOKEN_0', 'a']]);
    expect(unusable).toEqual([]);
  });

  it.each(['with\nnewline', 'with\r\nX-Evil: 1', 'tok en', 'tøken', 'token\n'])(
    'with the value %j count as missing and are named',
    (value) => {
      const { values, unusable } = readTokens({ EGRESS_TOKEN_0: value });
      expect(values.size).toBe(0);
      expect(unusable).toEqual(['EGRESS_TOKEN_0']);
    },
  );
});

describe('a cache of bounded size', () => {
  it('forgets what was not used for longest', () => {
    const cache = new Lru<string, number>(2);
    let made = 0;
    const get = (key: string) =>
      cache.getOrMake(key, () => {
        made += 1;
        return made;
      });
    get('a');
    get('b');
    get('a');
    get('c');
    expect([cache.size, get('a'), made]).toEqual([2, 1, 3]);
    expect(get('b')).toBe(4);
  });
});

it('a failed upstream is described without the text of the error', () => {
  const error = Object.assign(new Error('Bearer tok-secret'), { code: 'ERR_INVALID_CHAR' });
  expect(JSON.stringify(upstreamFailure('a.example', error))).not.toContain('secret');
  expect(upstreamFailure('a.example', new Error('x')).status).toBe(502);
  expect(upstreamFailure('a.example', Object.assign(new Error(), { code: 'ENOTFOUND' })).code).toBe(
    'name-unresolved',
  );
  expect(upstreamFailure('a.example', Object.assign(new Error(), { code: 'UPSTREAM_TIMEOUT' })).status).toBe(
    504,
  );
});
