import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertSlug, isSlug, mintSlug } from '../../../lib/bottle/slug.ts';

describe('a bottle’s slug', () => {
  it('is the agent’s name and five base-36 characters', () => {
    expect(mintSlug('my-agent')).toMatch(/^my-agent-[0-9a-z]{5}$/);
    expect(isSlug(mintSlug('demo'))).toBe(true);
  });

  it('differs from one bottle to the next', () => {
    expect(new Set(Array.from({ length: 200 }, () => mintSlug('a'))).size).toBeGreaterThan(195);
  });

  it.each([
    '',
    '.',
    '..',
    'a/b',
    '../../etc',
    'a b',
    'Demo-abcde',
    '-a',
    'a--b',
    'a-',
    'a\n',
    'a'.repeat(64),
  ])('is refused as a path segment when it is %j', (text) => {
    expect(() => assertSlug(text)).toThrow(/is not a bottle's name/);
  });

  it('never lets a path separator or a dot through', () => {
    fc.assert(fc.property(fc.string(), (text) => !isSlug(text) || /^[a-z0-9-]+$/.test(text)));
  });
});

it('cuts an agent’s name that is too long for a host name', () => {
  expect(isSlug(mintSlug(`a${'-b'.repeat(60)}`))).toBe(true);
});
