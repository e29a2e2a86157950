import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generalizePaths } from '../../../../lib/commands/learn/generalize-paths.ts';
import { canonicalTarget } from '../../../../lib/daemons/contract/egress/canonical-path.ts';
import { compileMatches } from '../../../../lib/daemons/egress/policy/match-conditions.ts';

const admits = (paths: readonly string[], path: string): boolean => {
  const conditions = generalizePaths(paths);
  return compileMatches([{ paths: conditions.map((condition) => ({ ...condition })) }])({
    method: 'GET',
    path,
    rawHeaders: [],
  });
};

describe('generalizePaths', () => {
  it('single paths stay exact, including ids', () => {
    expect(generalizePaths(['/v1/users/7', '/v1/me', '/v1/me'])).toEqual([
      { type: 'exact', value: '/v1/me' },
      { type: 'exact', value: '/v1/users/7' },
    ]);
  });

  it.each([
    ['numbers', ['/u/1/x', '/u/22/x'], '/u/333/x', ['/u/1/y', '/u/one/x', '/u/1', '/u/1/x/y', '/u/-1/x']],
    [
      'UUIDs',
      ['/o/3f2504e0-4f89-41d3-9a0c-0305e82c3301', '/o/9b2b4e0a-0f8c-4a6e-8f7c-2d1b3c4d5e6f'],
      '/o/00000000-0000-0000-0000-000000000000',
      ['/o/admin', '/o/'],
    ],
    ['hashes', ['/c/deadbeef1', '/c/0123456789abcdef'], '/c/aaaaaaa1', ['/c/HEAD', '/c/main']],
    [
      'long tokens',
      ['/m/msg_01ABCDEFghijkl', '/m/msg_02ABCDEFghijkl'],
      '/m/msg_99ZZZZZZzzzzzz',
      ['/m/a.b', '/n/msg_01'],
    ],
  ])('paths that differ only in %s become one expression', (_kind, paths, alike, neighbors) => {
    expect(generalizePaths(paths)).toEqual([{ type: 'regex', value: expect.any(String) }]);
    for (const path of [...paths, alike]) expect(admits(paths, path), path).toBe(true);
    for (const path of neighbors) expect(admits(paths, path), path).toBe(false);
  });

  it('many paths in one directory become a prefix, but never the root', () => {
    const files = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `/files/x/${name}.txt`);
    expect(generalizePaths(files)).toEqual([{ type: 'prefix', value: '/files/x' }]);
    expect(admits(files, '/files/xy')).toBe(false);
    const tops = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `/${name}`);
    expect(generalizePaths(tops).every(({ type }) => type === 'exact')).toBe(true);
  });

  it('regular expression characters in paths are escaped', () => {
    const paths = ['/a.b/(x)$/1', '/a.b/(x)$/2'];
    expect(admits(paths, '/a.b/(x)$/3')).toBe(true);
    expect(admits(paths, '/aXb/(x)$/3')).toBe(false);
  });

  it('an encoded slash stays in its segment', () => {
    expect(generalizePaths(['/p/g%2Fa/issues/1', '/p/g%2Fa/issues/2'])).toEqual([
      { type: 'regex', value: '/p/g%2Fa/issues/[0-9]+' },
    ]);
    expect(admits(['/p/g%2Fa/issues/1', '/p/g%2Fa/issues/2'], '/p/g/a/issues/3')).toBe(false);
  });

  it('the conditions match all given paths', () => {
    const segment = fc.oneof(
      fc.constantFrom('v1', 'users', '1', '42', 'deadbeef1', 'a.b', '(', '$', '*', '+', '%C3%A9', ''),
      fc.webSegment(),
    );
    const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
    const canonical = path.filter((text) => {
      const form = canonicalTarget(text);
      return !('fault' in form) && form.path === text && form.query === '';
    });
    fc.assert(
      fc.property(fc.array(canonical, { minLength: 1, maxLength: 12 }), (paths) =>
        paths.every((path) => admits(paths, path)),
      ),
    );
  });
});
