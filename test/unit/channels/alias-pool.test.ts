import { describe, expect, it } from 'vitest';
import { ALIAS_POOL, lowestFree, missingAliasCommands } from '../../../lib/channels/alias-pool.ts';

describe('the alias pool', () => {
  it('is 127.0.0.16 to 127.0.0.31', () => {
    expect(ALIAS_POOL).toHaveLength(16);
    expect([ALIAS_POOL.at(0), ALIAS_POOL.at(-1)]).toEqual(['127.0.0.16', '127.0.0.31']);
  });

  it('gives the lowest address that nobody uses', () => {
    expect(lowestFree(new Set())).toBe('127.0.0.16');
    expect(lowestFree(new Set(['127.0.0.16', '127.0.0.18']))).toBe('127.0.0.17');
  });

  it('says what to do when it is empty', () => {
    expect(() => lowestFree(new Set(ALIAS_POOL))).toThrow(/all 16 loopback aliases are taken/);
  });

  it('adds to macOS’s lo0 only what is missing', () => {
    const present = new Set(['127.0.0.1', ...ALIAS_POOL.slice(0, 14)]);
    expect(missingAliasCommands(present)).toEqual([
      ['ifconfig', 'lo0', 'alias', '127.0.0.30', 'up'],
      ['ifconfig', 'lo0', 'alias', '127.0.0.31', 'up'],
    ]);
    expect(missingAliasCommands(new Set(ALIAS_POOL))).toEqual([]);
  });
});
