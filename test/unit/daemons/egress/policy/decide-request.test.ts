import { describe, expect, it } from 'vitest';
import { SELFTEST_HOST } from '../../../../../lib/daemons/contract/selftest/selftest.ts';
import { codeOf, connect, inside, plain } from '../../../../support/egress/decisions.ts';

const headers = (count: number) => Array<string[]>(count).fill(['x', 'y']).flat();

describe('decisions on tunneled requests', () => {
  it('a tunneled request goes to the host of its tunnel with path and query unchanged', () => {
    expect(inside()).toMatchObject({ allow: true, path: '/v1/things', query: '?x=1', port: 443 });
  });

  it.each(['API.example.com', 'api.example.com.', 'api.example.com:443'])(
    'a tunneled request may spell its Host header %s',
    (host) => {
      expect(inside({ hostHeaders: [host] }).allow).toBe(true);
    },
  );

  it('a tunneled request may come without a TLS server name', () => {
    expect(inside({ serverName: undefined }).allow).toBe(true);
  });

  it.each([
    'open.example.com',
    'evil.org',
    'api.example.com:444',
    'api.example.com:80',
    'api.example.com@evil.org',
    'api.example.com, open.example.com',
    '127.0.0.1',
    '',
  ])('a tunneled request with the Host header %j is denied', (host) => {
    expect(codeOf(inside({ hostHeaders: [host] }))).toBe('host-mismatch');
  });

  it.each(['open.example.com', 'evil.org', 'xn--pi-7cc.example.com', '127.0.0.1'])(
    'a tunneled request with the TLS server name %s is denied',
    (serverName) => {
      expect(codeOf(inside({ serverName }))).toBe('host-mismatch');
    },
  );

  it('a tunneled request without a Host header or with two, even if equal, is denied', () => {
    expect(codeOf(inside({ hostHeaders: [] }))).toBe('host-header-invalid');
    expect(codeOf(inside({ hostHeaders: ['api.example.com', 'api.example.com'] }))).toBe(
      'host-header-invalid',
    );
  });

  it('a tunneled request may use an absolute URL only for its own host, scheme and port', () => {
    expect(inside({ target: 'https://api.example.com/a?b' })).toMatchObject({
      allow: true,
      path: '/a',
      query: '?b',
    });
    expect(codeOf(inside({ target: 'https://open.example.com/' }))).toBe('host-mismatch');
    expect(codeOf(inside({ target: 'https://api.example.com:444/' }))).toBe('host-mismatch');
    expect(codeOf(inside({ target: 'https://api.example.com@evil.org/' }))).toBe('host-mismatch');
    expect(codeOf(inside({ target: 'http://api.example.com/' }))).toBe('target-invalid');
    expect(codeOf(inside({ target: '*' }))).toBe('target-invalid');
  });

  it.each(['TRACE', 'trace', 'TRACK', 'CONNECT', 'get', 'AKIAQ7XKPM2WZL9RTVBN', ''])(
    'a tunneled request with the method %s is denied',
    (method) => {
      expect(codeOf(inside({ method }))).toBe('method-refused');
    },
  );

  it('a tunneled request is denied for a transfer coding that egress would drop', () => {
    const coded = (...codings: string[]) =>
      codeOf(inside({ rawHeaders: codings.flatMap((coding) => ['Transfer-Encoding', coding]) }));
    expect(coded('gzip, chunked')).toBe('headers-invalid');
    expect(coded('gzip', 'chunked')).toBe('headers-invalid');
    expect(coded(' Chunked')).toBe('allowed');
  });

  it('a tunneled request with more than 200 headers is denied', () => {
    expect(codeOf(inside({ rawHeaders: headers(201) }))).toBe('headers-too-many');
    expect(inside({ rawHeaders: headers(200) }).allow).toBe(true);
  });

  it('an invalid WebSocket handshake is denied, and other upgrades are ignored', () => {
    const upgrade = 'websocket';
    const key = ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='];
    const handshake = ['Connection', 'keep-alive, Upgrade', 'Sec-WebSocket-Version', '13', ...key];
    expect(inside({ upgrade, rawHeaders: handshake }).allow).toBe(true);
    expect(codeOf(inside({ upgrade }))).toBe('handshake-invalid');
    expect(codeOf(inside({ upgrade, rawHeaders: handshake, method: 'POST' }))).toBe('handshake-invalid');
    expect(codeOf(inside({ upgrade, rawHeaders: [...handshake, ...key] }))).toBe('handshake-invalid');
    expect(codeOf(inside({ upgrade: 'websocket, h2c', rawHeaders: handshake }))).toBe('handshake-invalid');
    expect(inside({ upgrade: 'h2c' }).allow).toBe(true);
  });

  it('a tunneled request is judged by current routes, not by those at the time of CONNECT', () => {
    const tunnel = { host: 'gone.example.com', port: 443 };
    const facts = { tunnel, serverName: tunnel.host, hostHeaders: [tunnel.host] };
    expect(codeOf(inside(facts))).toBe('host-unlisted');
  });
});

describe('decisions on plain requests', () => {
  it('a plain request to a listed host without a token is admitted on port 80', () => {
    expect(plain('http://open.example.com/a?b=c')).toMatchObject({
      allow: true,
      port: 80,
      path: '/a',
      query: '?b=c',
    });
    expect(plain('http://OPEN.example.com')).toMatchObject({ allow: true, path: '/' });
    expect(plain('http://open.example.com?q')).toMatchObject({ allow: true, path: '/', query: '?q' });
    expect(plain('HTTP://open.example.com:80/')).toMatchObject({ allow: true });
  });

  it('a plain request never carries a token', () => {
    expect(codeOf(plain('http://api.example.com/'))).toBe('plaintext-refused');
    expect(codeOf(plain(`http://${SELFTEST_HOST}/prove`))).toBe('plaintext-refused');
  });

  it('a plain request to another port is denied', () => {
    expect(codeOf(plain('http://open.example.com:443/'))).toBe('port-refused');
    expect(codeOf(plain('http://open.example.com:8080/'))).toBe('port-refused');
  });

  it.each(['/', '/x', '*', 'open.example.com/', 'ftp://open.example.com/', '//open.example.com/', ''])(
    'a plain request with the target %j, which is not an absolute HTTP URL, is denied',
    (target) => {
      expect(codeOf(plain(target))).toBe('target-invalid');
    },
  );

  it('a plain request for an https URL is told to use CONNECT', () => {
    const verdict = plain('https://open.example.com/');
    expect(verdict).toMatchObject({ allow: false, code: 'target-invalid' });
    expect(verdict.allow ? '' : verdict.remedy).toContain('CONNECT');
  });

  it.each([
    'http://user@open.example.com/',
    'http://open.example.com@evil.org/',
    'http://127.0.0.1/',
    'http://[::1]/',
    'http:///x',
    'http://open.example.com:x/',
  ])('a plain request for %s is denied', (target) => {
    expect(codeOf(plain(target))).toBe('host-invalid');
  });

  it('a plain request with a backslash, which some servers read as a slash, is denied', () => {
    expect(codeOf(plain('http://open.example.com\\@evil.org/'))).toBe('target-invalid');
  });

  it('a plain request whose Host header names another host is denied', () => {
    expect(codeOf(plain('http://open.example.com/', { hostHeaders: ['api.example.com'] }))).toBe(
      'host-mismatch',
    );
  });

  it('a plain request to a host that no route lists is denied', () => {
    expect(codeOf(plain('http://evil.org/'))).toBe('host-unlisted');
  });
});

it('every denial gives a reason and a remedy', () => {
  const refusals = [
    connect('evil.org:443'),
    connect('x'),
    connect('empty.example.com:443'),
    inside({ method: 'TRACE' }),
  ];
  for (const verdict of refusals) {
    expect(verdict).toMatchObject({
      allow: false,
      reason: expect.stringMatching(/\w.*\.$/),
      remedy: expect.stringMatching(/\w.*\.$/),
    });
  }
});
