import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ALIAS_POOL,
  assertAliasesAttainable,
  lowestFree,
  missingAliases,
} from '../../../lib/channels/alias-pool.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

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

  it('lacks what lo0 of a Mac does not have, and nothing on Linux', () => {
    const present = ['127.0.0.1', ...ALIAS_POOL.slice(0, 14)];
    expect(missingAliases('darwin', present)).toEqual(['127.0.0.30', '127.0.0.31']);
    expect(missingAliases('darwin', ALIAS_POOL)).toEqual([]);
    expect(missingAliases('linux', ['127.0.0.1'])).toEqual([]);
  });

  it('that lacks addresses is refused where nobody can be asked for a password, with the commands', () => {
    vi.spyOn(process, 'getuid').mockReturnValue(501);
    const missing = ['127.0.0.30', '127.0.0.31'];
    expect(() => assertAliasesAttainable(true, missing)).not.toThrow();
    expect(() => assertAliasesAttainable(false, [])).not.toThrow();
    expect(() => assertAliasesAttainable(false, missing)).toThrow(
      expect.objectContaining({
        code: 'aliases-missing',
        exitCode: 69,
        hint: expect.stringContaining(
          'for a in 127.0.0.30 127.0.0.31; do sudo ifconfig lo0 alias $a up; done',
        ),
      }),
    );
  });
});
