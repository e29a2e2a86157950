import { describe, expect, it } from 'vitest';
import { ALIAS_POOL, lowestFree, missingAliasCommands } from '../../../lib/channels/alias-pool.ts';

describe('the alias pool', () => {
  it('the alias pool is 127.0.0.16 to 127.0.0.31', () => {
    expect(ALIAS_POOL).toHaveLength(16);
    expect([ALIAS_POOL.at(0), ALIAS_POOL.at(-1)]).toEqual(['127.0.0.16', '127.0.0.31']);
  });

  it('lowestFree returns the lowest unused alias', () => {
    expect(lowestFree(new Set())).toBe('127.0.0.16');
    expect(lowestFree(new Set(['127.0.0.16', '127.0.0.18']))).toBe('127.0.0.17');
  });

  it('lowestFree throws when all aliases are taken', () => {
    expect(() => lowestFree(new Set(ALIAS_POOL))).toThrow(/all 16 loopback aliases are taken/);
  });

  it('missingAliasCommands adds only missing aliases to lo0 on macOS', () => {
    const present = new Set(['127.0.0.1', ...ALIAS_POOL.slice(0, 14)]);
    expect(missingAliasCommands(present)).toEqual([
      ['ifconfig', 'lo0', 'alias', '127.0.0.30', 'up'],
      ['ifconfig', 'lo0', 'alias', '127.0.0.31', 'up'],
    ]);
    expect(missingAliasCommands(new Set(ALIAS_POOL))).toEqual([]);
  });
});
