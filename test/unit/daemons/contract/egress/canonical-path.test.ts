import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalTarget } from '../../../../../lib/daemons/contract/egress/canonical-path.ts';

describe('canonicalTarget', () => {
  it.each([
    ['/v1/things?x=%2e%2e/', '/v1/things', '?x=%2e%2e/'],
    ['/%61dmin/%7euser', '/admin/~user', ''],
    ['/a%3ab%c3%a9', '/a%3Ab%C3%A9', ''],
    ['/archive/https://example.com', '/archive/https://example.com', ''],
    ['/100%25', '/100%25', ''],
    ['/...', '/...', ''],
  ])('reads the request target %s as path %s and query %s', (target, path, query) => {
    expect(canonicalTarget(target)).toEqual({ path, query });
  });

  it.each([
    '/v1/../admin',
    '/v1/..',
    '/./a',
    '/v1/%2e%2e/admin',
    '/v1/.%2E/admin',
    '/v1/..;x=1/admin',
    '/v1/..%3b/admin',
    '/v1/..%2fadmin',
    '/v1%2Fadmin',
    '/v1\\admin',
    '/v1%5cadmin',
    '/v1/%252e%252e/admin',
    '/v1/a%00.json',
    '/v1/a%0d%0aX:1',
    '/v1/%c0%ae%c0%ae/admin',
    '/v1/%e0%80%af',
    '/v1/%ff',
    '/v1/%zz',
    '/v1/%2',
    '/v1#x',
    '/v 1',
    '/vé',
    'v1',
    '',
  ])('refuses the request target %j, which two servers could read as different paths', (target) => {
    expect(canonicalTarget(target)).toHaveProperty('fault');
  });

  it('returns a path that is its own canonical form', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const once = canonicalTarget(path === '' ? '/' : path);
        if ('fault' in once) return;
        expect(canonicalTarget(once.path)).toEqual({ path: once.path, query: '' });
        expect(decodeURIComponent(once.path)).toBe(decodeURIComponent(path === '' ? '/' : path));
      }),
    );
  });
});
