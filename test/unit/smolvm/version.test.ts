import { describe, expect, it } from 'vitest';
import { namesArePositional, parseVersion, tierOf } from '../../../lib/smolvm/version.ts';

describe('smolvm version', () => {
  it('parseVersion reads the output of `smolvm --version`', () => {
    expect(parseVersion('smolvm 0.8.0\n')).toEqual([0, 8, 0]);
    expect(parseVersion('smolvm 1.10.12')).toEqual([1, 10, 12]);
  });

  it.each(['', 'docker 1.2.3', 'smolvm', 'smolvm x.y.z'])('parseVersion rejects %j', (text) => {
    expect(() => parseVersion(text)).toThrow(/is not a smolvm version/);
  });

  it.each([
    [[0, 8, 0], 'alias'],
    [[1, 0, 1], 'alias'],
    [[1, 1, 2], 'alias'],
    [[1, 8, 0], 'socket'],
    [[1, 9, 3], 'socket'],
    [[2, 0, 0], 'socket'],
  ] as const)('version %j has the tier %s', (version, tier) => {
    expect(tierOf(version)).toBe(tier);
  });

  it.each([
    [0, 7, 9],
    [1, 1, 3],
    [1, 7, 7],
  ] as const)('version %i.%i.%i is rejected', (...version) => {
    expect(() => tierOf(version)).toThrow(/is not supported/);
  });

  it('names are positional up to 1.0.1', () => {
    expect(namesArePositional([1, 0, 1])).toBe(true);
    expect(namesArePositional([1, 0, 2])).toBe(false);
  });
});
