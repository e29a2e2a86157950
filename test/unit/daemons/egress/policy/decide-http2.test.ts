import { describe, expect, it } from 'vitest';
import { splitH2Headers } from '../../../../../lib/daemons/egress/http/h2-headers.ts';
import { passableTrailers } from '../../../../../lib/daemons/egress/http/trailers.ts';
import { codeOf, inside } from '../../../../support/egress/decisions.ts';

const HOST = 'api.example.com';
const pseudo = { authority: HOST, scheme: 'https' };
const by2 = (changes: Parameters<typeof inside>[0] = {}) =>
  inside({ version: '2', hostHeaders: [], pseudo, ...changes });

describe('HTTP/2 request decisions', () => {
  it('an HTTP/2 request is admitted only if every host name in it is that of its tunnel', () => {
    const own = [HOST, 'API.example.com.', `${HOST}:443`];
    const others = [
      'open.example.com',
      `${HOST}:444`,
      `x@${HOST}`,
      `${HOST}, evil.org`,
      '127.0.0.1',
      '[::1]',
      '',
    ];
    const isOwn = (name: string | undefined) => name !== undefined && own.includes(name);
    let let_out = 0;
    for (const authority of [undefined, ...own, ...others]) {
      for (const host of [undefined, ...own, ...others]) {
        for (const serverName of [undefined, HOST, 'open.example.com']) {
          for (const scheme of ['https', 'http', 'HTTPS', '', undefined]) {
            const verdict = by2({
              pseudo: { authority, scheme },
              hostHeaders: host === undefined ? [] : [host],
              serverName,
            });
            const agrees =
              (authority === undefined || isOwn(authority)) &&
              (host === undefined || isOwn(host)) &&
              (isOwn(authority) || isOwn(host)) &&
              serverName !== 'open.example.com' &&
              scheme === 'https';
            expect([authority, host, serverName, scheme, verdict.allow]).toEqual([
              authority,
              host,
              serverName,
              scheme,
              agrees,
            ]);
            if (verdict.allow) let_out += 1;
          }
        }
      }
    }
    // (authority, host): 3 x 3 with both, 3 + 3 with one of them; two server names; one scheme.
    expect(let_out).toBe((9 + 6) * 2);
  });

  it('an HTTP/2 request needs a host and at most one Host header', () => {
    const without = { authority: undefined, scheme: 'https' };
    expect(codeOf(by2({ pseudo: without }))).toBe('host-header-invalid');
    expect(codeOf(by2({ hostHeaders: [HOST, HOST] }))).toBe('host-header-invalid');
  });

  it.each([`https://${HOST}/`, 'https://evil.org/', '*', '', 'v1', '//evil.org'])(
    'an HTTP/2 request target must be a path (%j)',
    (target) => {
      // A path with two leading slashes is still a path on this host.
      const expected = target === '//evil.org' ? 'allowed' : 'target-invalid';
      expect(codeOf(by2({ target }))).toBe(expected);
    },
  );

  it.each<[string, string[]]>([
    ['transfer-encoding', ['transfer-encoding', 'chunked']],
    ['connection', ['connection', 'x']],
    ['keep-alive', ['keep-alive', '1']],
    ['proxy-connection', ['proxy-connection', 'x']],
    ['upgrade', ['upgrade', 'h2c']],
    ['upper case', ['X-A', '1']],
    ['a line break in a name', ['x\r\ny', '1']],
    ['a colon in a name', ['x:y', '1']],
    ['a space in a name', ['x y', '1']],
    ['no name', ['', '1']],
    ['CR in a value', ['x', 'a\rb']],
    ['LF in a value', ['x', 'a\nb']],
    ['NUL in a value', ['x', 'a\0b']],
  ])('an HTTP/2 request is denied for a header that HTTP/1.1 would misread: %s', (_what, rawHeaders) => {
    expect(codeOf(by2({ rawHeaders }))).toBe('headers-invalid');
  });

  it('an HTTP/2 request is denied for too many or too long headers', () => {
    expect(codeOf(by2({ rawHeaders: Array<string[]>(201).fill(['x', 'y']).flat() }))).toBe(
      'headers-too-many',
    );
    expect(codeOf(by2({ rawHeaders: ['x', 'y'.repeat(32 * 1024 - 33)] }))).toBe('allowed');
    expect(codeOf(by2({ rawHeaders: ['x', 'y'.repeat(32 * 1024 - 32)] }))).toBe('headers-too-long');
  });

  it.each([
    ['CONNECT', '', 'method-refused'],
    ['TRACE', '', 'method-refused'],
    ['TRACE', 'websocket', 'method-refused'],
    ['CONNECT', 'connect-udp', 'upgrade-refused'],
  ])('an HTTP/2 request with method %s and protocol %j is denied', (method, upgrade, code) => {
    expect(codeOf(by2({ method, upgrade }))).toBe(code);
  });
});

it.each([
  ['100-continue', 'allowed'],
  ['100-Continue', 'allowed'],
  ['200-ok', 'expectation-refused'],
  ['100-continue, x', 'expectation-refused'],
])('a request with Expect: %s results in %s', (value, code) => {
  expect(codeOf(inside({ rawHeaders: ['Expect', value] }))).toBe(code);
});

it('splitH2Headers separates pseudo-headers and joins split cookies', () => {
  const raw = [':method', 'GET', 'cookie', 'a=1', ':path', '/', 'x', '1', 'cookie', 'b=2'];
  const { pseudo: found, rawHeaders } = splitH2Headers(raw);
  expect([...found]).toEqual([
    [':method', 'GET'],
    [':path', '/'],
  ]);
  expect(rawHeaders).toEqual(['x', '1', 'cookie', 'a=1; b=2']);
});

it('passableTrailers drops credentials, framing, routing and content headers', () => {
  const never = [
    'Authorization',
    'Content-Length',
    'Content-Type',
    'Host',
    'Set-Cookie',
    'TE',
    'Transfer-Encoding',
  ];
  const more = [
    'Alt-Svc',
    'If-Match',
    'Proxy-Authenticate',
    'Cache-Control',
    'Connection',
    ':status',
    'Location',
  ];
  const raw = [...never, ...more, 'Grpc-Status', 'x-sum'].flatMap((name) => [name, '0']);
  expect(passableTrailers(raw)).toEqual({ 'grpc-status': '0', 'x-sum': '0' });
});
