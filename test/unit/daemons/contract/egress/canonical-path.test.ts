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
    '/v1/%2e%2e%2Fadmin',
    '/v1/a%2f..%2fadmin',
    '/v1/a%2f../admin',
    '/v1/a%2F.',
    '/v1/a;%2f..;x%2fadmin',
    '/v1/..;a%2fb',
    '/v1/%2fadmin',
    '/v1/%2f%2e%2e',
    '/v1/..%252fadmin',
    '/v1/..%25%32%66admin',
    '/v1/..%25%32Fadmin',
    '/v1/a%2500',
    '/v1/..%ef%bc%8fadmin',
    '/v1/%ef%bc%8e%ef%bc%8e/admin',
    '/v1/%e2%80%a5%2fadmin',
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

  it.each([
    ['/@scope%2fname', '/@scope%2Fname', '/@scope%2fname'],
    ['/@scope%2Fname/-/x.tgz', '/@scope%2Fname/-/x.tgz', undefined],
    [
      '/api/v4/projects/group%2Fsub%2fproject/issues',
      '/api/v4/projects/group%2Fsub%2Fproject/issues',
      '/api/v4/projects/group%2Fsub%2fproject/issues',
    ],
    [
      '/proxy/https%3a%2f%2fexample.com%2Fa',
      '/proxy/https%3A%2F%2Fexample.com%2Fa',
      '/proxy/https%3A%2f%2fexample.com%2Fa',
    ],
    ['/files/a%2F...%2fb', '/files/a%2F...%2Fb', '/files/a%2F...%2fb'],
    ['/files/.github%2fworkflows', '/files/.github%2Fworkflows', '/files/.github%2fworkflows'],
  ])('compares the encoded slashes of %s as %s and forwards %s', (target, path, sentPath) => {
    expect(canonicalTarget(target)).toEqual({ path, query: '', ...(sentPath && { sentPath }) });
  });

  it.each([
    ['/a/..%2fb', 'dot segment beside an encoded slash'],
    ['/a/%2e%2e%2fb', 'dot segment beside an encoded slash'],
    ['/a%252fb', 'percent-encoded twice'],
    ['/a%5Cb', 'encoded backslash'],
    ['/a%00', 'encoded NUL'],
    ['/a/%2fb', 'starts with an encoded slash'],
  ])('says of %s that it holds what is wrong: %s', (target, fault) => {
    expect(canonicalTarget(target)).toEqual({ fault: expect.stringContaining(fault) });
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
