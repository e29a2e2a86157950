import { describe, expect, it } from 'vitest';
import { readTokens } from '../../../../../lib/daemons/egress/policy/tokens.ts';

describe('readTokens', () => {
  it('readTokens reads slots by name and skips empty ones and other variables', () => {
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
    'readTokens treats a slot with the value %j as missing and names it',
    (value) => {
      const { values, unusable } = readTokens({ EGRESS_TOKEN_0: value });
      expect(values.size).toBe(0);
      expect(unusable).toEqual(['EGRESS_TOKEN_0']);
    },
  );
});
