import type { GuestAttack } from '../attack.ts';
import { get, inside, overHttp2, request } from '../guest/proxy.ts';

const HOST = 'paths.example';
const ask = (target: string, more = '', method = 'GET') =>
  inside(request(target, more, method, HOST), { authority: `${HOST}:443` });

/** Only GET below `/open` is allowed. */
const outOf = (
  what: string,
  target: (slug: string) => string,
  meets = /400 path-ambiguous/,
): GuestAttack => ({
  name: `out of an allowed path: ${what}`,
  as: 'agent',
  meets,
  run: (_scene, slug) => ask(target(slug)),
});

const UNMATCHED = /403 request-unmatched/;

/** Ways out of what a route allows of a host. */
export const PATHS: readonly GuestAttack[] = [
  outOf('another path', (slug) => `/escaped/${slug}`, UNMATCHED),
  outOf('a path that begins alike', (slug) => `/opener/escaped/${slug}`, UNMATCHED),
  outOf('another case', () => `/OPEN/x`, UNMATCHED),
  {
    name: 'out of an allowed path: the host in capitals',
    as: 'agent',
    meets: UNMATCHED,
    run: (_scene, slug) => get(`/escaped/${slug}`, HOST.toUpperCase()),
  },
  {
    name: 'out of an allowed path: the host with a final dot',
    as: 'agent',
    meets: UNMATCHED,
    run: (_scene, slug) => get(`/escaped/${slug}`, `${HOST}.`),
  },
  outOf('two dots', (slug) => `/open/../escaped/${slug}`),
  outOf('encoded dots', (slug) => `/open/%2e%2e/escaped/${slug}`),
  outOf('an encoded slash beside dots', (slug) => `/open/..%2fescaped/${slug}`),
  outOf('an encoded slash', (slug) => `/open%2f..%2fescaped/${slug}`),
  outOf('dots that are encoded twice', (slug) => `/open/%252e%252e/escaped/${slug}`),
  outOf('dots in overlong UTF-8', (slug) => `/open/%c0%ae%c0%ae/escaped/${slug}`),
  outOf('a backslash', (slug) => `/open/..\\escaped/${slug}`),
  outOf('an encoded backslash', (slug) => `/open/..%5cescaped/${slug}`),
  outOf('dots with a parameter', (slug) => `/open/..;x=y/escaped/${slug}`),
  outOf('an encoded NUL', (slug) => `/open%00/escaped/${slug}`),
  outOf('two slashes in front', (slug) => `//escaped/${slug}/open/x`, UNMATCHED),
  outOf('a fragment', (slug) => `/escaped/${slug}#/open/x`, /400 path-ambiguous/),
  outOf('no slash in front', () => 'open/x', /400/),
  {
    name: 'out of an allowed path: two dots over HTTP/2',
    as: 'agent',
    meets: /400 path-ambiguous/,
    run: (_scene, slug) =>
      overHttp2({ ':authority': HOST, ':path': `/open/../escaped/${slug}` }, { authority: `${HOST}:443` }),
  },
  {
    name: 'out of an allowed method: DELETE',
    as: 'agent',
    meets: UNMATCHED,
    run: (_scene, slug) => ask(`/open/escaped/${slug}`, 'Content-Length: 0\r\n', 'DELETE'),
  },
  {
    name: 'out of an allowed method: delete in lower case',
    as: 'agent',
    meets: /400/,
    run: (_scene, slug) => ask(`/open/escaped/${slug}`, '', 'delete'),
  },
];
