import { describe, expect, it } from 'vitest';
import { credentialFor, readTokens } from '../../../../../lib/daemons/egress/policy/tokens.ts';

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

describe('credentialFor', () => {
  const tokens = new Map([['EGRESS_TOKEN_0', 'user:pass']]);
  const slot = 'EGRESS_TOKEN_0';

  it.each([
    [{ scheme: 'Bearer' }, 'header', 'authorization', 'Bearer user:pass'],
    [{ scheme: 'token' }, 'header', 'authorization', 'token user:pass'],
    [{ scheme: 'Basic' }, 'header', 'authorization', 'Basic dXNlcjpwYXNz'],
    [{ scheme: 'none' }, 'header', 'authorization', 'user:pass'],
    [{ header: 'x-api-key', scheme: 'none' }, 'header', 'x-api-key', 'user:pass'],
    [{ header: 'x-auth', scheme: 'Bearer' }, 'header', 'x-auth', 'Bearer user:pass'],
    [{ query: 'key' }, 'query', 'key', 'user:pass'],
  ] as const)('credentialFor %j sets the %s %s to %j', (auth, kind, name, value) => {
    expect(credentialFor({ auth: { ...auth, slot } }, tokens)).toEqual({ kind, name, value });
  });

  it('credentialFor throws for an empty slot, and returns nothing for a route without a credential', () => {
    expect(() => credentialFor({ auth: { scheme: 'none', slot } }, new Map())).toThrow(
      'EGRESS_TOKEN_0 is empty',
    );
    expect(credentialFor({ auth: undefined }, tokens)).toBeUndefined();
  });
});
