import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertSlug, isSlug, mintSlug } from '../../../lib/bottle/slug.ts';

describe('bottle slugs', () => {
  it('a slug is the agent’s name and five base-36 characters', () => {
    expect(mintSlug('my-agent')).toMatch(/^my-agent-[0-9a-z]{5}$/);
    expect(isSlug(mintSlug('demo'))).toBe(true);
  });

  it('slugs differ from bottle to bottle', () => {
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
  ])('assertSlug refuses %j', (text) => {
    expect(() => assertSlug(text)).toThrow(/is not a valid bottle name/);
  });

  it('a slug never contains a path separator or a dot', () => {
    fc.assert(fc.property(fc.string(), (text) => !isSlug(text) || /^[a-z0-9-]+$/.test(text)));
  });
});

it('mintSlug truncates a long agent name', () => {
  expect(isSlug(mintSlug(`a${'-b'.repeat(60)}`))).toBe(true);
});
