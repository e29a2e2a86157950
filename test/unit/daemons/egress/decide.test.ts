import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { routesFile } from '../../../../lib/daemons/contract/routes.ts';
import { SELFTEST_HOST, SELFTEST_NONCE_ENV } from '../../../../lib/daemons/contract/selftest.ts';
import { decide, type RequestFacts } from '../../../../lib/daemons/egress/decide.ts';
import { buildPolicy } from '../../../../lib/daemons/egress/policy.ts';

const file = routesFile.parse({
  version: 1,
  routes: [
    { host: 'api.example.com', auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    { host: 'open.example.com' },
    { host: 'odd.example.com', port: 8443 },
    { host: 'empty.example.com', auth: { scheme: 'token', slot: 'EGRESS_TOKEN_1' } },
  ],
});
const policy = buildPolicy(file, new Set(['EGRESS_TOKEN_0', SELFTEST_NONCE_ENV]));

const connect = (target: string) => decide({ kind: 'connect', target }, policy);
const codeOf = (verdict: ReturnType<typeof decide>) => (verdict.allow ? 'allowed' : verdict.code);

type Tunnelled = Extract<RequestFacts, { kind: 'tunnelled' }>;

const inside = (changes: Partial<Tunnelled> = {}) => {
  const facts: Tunnelled = {
    kind: 'tunnelled',
    method: 'GET',
    target: '/v1/things?x=1',
    hostHeaders: ['api.example.com'],
    headerCount: 5,
    upgrade: '',
    tunnel: { host: 'api.example.com', port: 443 },
    serverName: 'api.example.com',
    ...changes,
  };
  return decide(facts, policy);
};

const plain = (target: string, changes: { hostHeaders?: string[] } = {}) =>
  decide(
    {
      kind: 'plain',
      method: 'GET',
      target,
      hostHeaders: changes.hostHeaders ?? [/^http:\/\/([^/?]*)/i.exec(target)?.[1] ?? ''],
      headerCount: 5,
      upgrade: '',
    },
    policy,
  );

describe('CONNECT', () => {
  it('is let through to a listed host on 443', () => {
    expect(connect('api.example.com:443')).toMatchObject({ allow: true, port: 443 });
  });

  it.each(['API.Example.COM:443', 'api.example.com.:443', 'Api.Example.Com.:443'])(
    'takes %s for the listed host',
    (target) => {
      const verdict = connect(target);
      expect(verdict.allow && verdict.rule.host).toBe('api.example.com');
    },
  );

  it.each([
    'example.com:443',
    'com:443',
    'evil.example.com:443',
    'api.example.com.evil.org:443',
    'xapi.example.com:443',
    'a.api.example.com:443',
    'localhost:443',
    '0x7f.1:443',
  ])('is refused to %s, which no route names', (target) => {
    expect(codeOf(connect(target))).toBe('host-unlisted');
  });

  it.each([
    '',
    ':443',
    '443',
    '127.0.0.1:443',
    '169.254.169.254:443',
    '2130706433:443',
    '[::1]:443',
    '::1:443',
    'user@api.example.com:443',
    'user:pass@api.example.com:443',
    'api.example.com',
    'api.example.com:',
    'api.example.com:0',
    'api.example.com:65536',
    'api.example.com:443:443',
    'api.example.com:+443',
    'api.example.com:0x1bb',
    'api.example.com:443/',
    'api.example.com:443?x',
    'api.example.com:443#x',
    'https://api.example.com:443',
    'api.example.com..:443',
    '.api.example.com:443',
    'api..example.com:443',
    '*.example.com:443',
    'api%2eexample%2ecom:443',
    'api.example.com%00.evil.org:443',
    'api.example.com\u0000.evil.org:443',
    'api.example.com\\.evil.org:443',
    'api .example.com:443',
    'api\t.example.com:443',
    'аpi.example.com:443', // Cyrillic а
    'api。example。com:443', // ideographic full stops, which IDNA maps to dots
    'api．example．com:443',
    'ＡＰＩ.example.com:443', // full-width letters, which IDNA maps to ASCII
    'api.exampleK.com:443'.replace('K', '\u212a'), // Kelvin sign, lower-cases to k
    'api.\u00adexample.com:443', // soft hyphen, which IDNA drops
    '-api.example.com:443',
    `${'a'.repeat(64)}.example.com:443`,
    `${'a.'.repeat(130)}com:443`,
  ])('is refused to %j, which is no plain name with a port', (target) => {
    expect(codeOf(connect(target))).toBe('host-invalid');
  });

  it.each([80, 22, 444, 8443, 1])('is refused to port %i of a listed host', (port) => {
    expect(codeOf(connect(`api.example.com:${port}`))).toBe('port-refused');
  });

  it('goes to the one port that a route names, and to no other', () => {
    expect(connect('odd.example.com:8443')).toMatchObject({ allow: true, port: 8443 });
    expect(codeOf(connect('odd.example.com:443'))).toBe('port-refused');
  });

  it('is refused when the token of the route is missing', () => {
    expect(codeOf(connect('empty.example.com:443'))).toBe('token-missing');
  });

  it('reaches the selftest upstream without a route, on 443 only', () => {
    expect(connect(`${SELFTEST_HOST}:443`)).toMatchObject({ allow: true, rule: { upstream: 'selftest' } });
    expect(codeOf(connect(`${SELFTEST_HOST}:9443`))).toBe('port-refused');
  });

  it('lets out nothing but the listed names, whatever text is sent', () => {
    const listed = new Set(['api.example.com:443', 'open.example.com:443', 'odd.example.com:8443']);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc
            .tuple(
              fc.constantFrom('api', 'API', '', 'x.api', 'open'),
              fc.string({ maxLength: 3 }),
              fc.nat(70000),
            )
            .map(([label, odd, port]) => `${label}${odd}.example.com:${port}`),
        ),
        (target) => {
          const verdict = connect(target);
          if (!verdict.allow) return;
          expect(listed.has(target.toLowerCase().replace('.:', ':'))).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a request inside a tunnel', () => {
  it('goes to the host that the tunnel was opened for, path and query untouched', () => {
    expect(inside()).toMatchObject({ allow: true, path: '/v1/things?x=1', port: 443 });
  });

  it.each(['API.example.com', 'api.example.com.', 'api.example.com:443'])(
    'may spell the Host header %s',
    (host) => {
      expect(inside({ hostHeaders: [host] }).allow).toBe(true);
    },
  );

  it('may come without a TLS server name', () => {
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
  ])('is refused when its Host header is %j', (host) => {
    expect(codeOf(inside({ hostHeaders: [host] }))).toBe('host-mismatch');
  });

  it.each(['open.example.com', 'evil.org', 'xn--pi-7cc.example.com', '127.0.0.1'])(
    'is refused when the TLS server name is %s',
    (serverName) => {
      expect(codeOf(inside({ serverName }))).toBe('host-mismatch');
    },
  );

  it('is refused with no Host header, and with two, even equal ones', () => {
    expect(codeOf(inside({ hostHeaders: [] }))).toBe('host-header-invalid');
    expect(codeOf(inside({ hostHeaders: ['api.example.com', 'api.example.com'] }))).toBe(
      'host-header-invalid',
    );
  });

  it('may use an absolute URL for its own host, and for no other host, scheme or port', () => {
    expect(inside({ target: 'https://api.example.com/a?b' })).toMatchObject({ allow: true, path: '/a?b' });
    expect(codeOf(inside({ target: 'https://open.example.com/' }))).toBe('host-mismatch');
    expect(codeOf(inside({ target: 'https://api.example.com:444/' }))).toBe('host-mismatch');
    expect(codeOf(inside({ target: 'https://api.example.com@evil.org/' }))).toBe('host-mismatch');
    expect(codeOf(inside({ target: 'http://api.example.com/' }))).toBe('target-invalid');
    expect(codeOf(inside({ target: '*' }))).toBe('target-invalid');
  });

  it.each(['TRACE', 'trace', 'TRACK', 'CONNECT'])('is refused when its method is %s', (method) => {
    expect(codeOf(inside({ method }))).toBe('method-refused');
  });

  it('is refused with more headers than a client would send', () => {
    expect(codeOf(inside({ headerCount: 201 }))).toBe('headers-too-many');
    expect(inside({ headerCount: 200 }).allow).toBe(true);
  });

  it('is refused when it wants a WebSocket, while other upgrades are ignored', () => {
    expect(codeOf(inside({ upgrade: 'websocket' }))).toBe('upgrade-refused');
    expect(inside({ upgrade: 'h2c' }).allow).toBe(true);
  });

  it('is judged by the routes of now, not by those of the time of CONNECT', () => {
    const tunnel = { host: 'gone.example.com', port: 443 };
    const facts = { tunnel, serverName: tunnel.host, hostHeaders: [tunnel.host] };
    expect(codeOf(inside(facts))).toBe('host-unlisted');
  });
});

describe('a plain request', () => {
  it('goes to a listed host without a token, on port 80', () => {
    expect(plain('http://open.example.com/a?b=c')).toMatchObject({ allow: true, port: 80, path: '/a?b=c' });
    expect(plain('http://OPEN.example.com')).toMatchObject({ allow: true, path: '/' });
    expect(plain('http://open.example.com?q')).toMatchObject({ allow: true, path: '/?q' });
    expect(plain('HTTP://open.example.com:80/')).toMatchObject({ allow: true });
  });

  it('never carries a token in plain text', () => {
    expect(codeOf(plain('http://api.example.com/'))).toBe('plaintext-refused');
    expect(codeOf(plain(`http://${SELFTEST_HOST}/prove`))).toBe('plaintext-refused');
  });

  it('is refused on any other port', () => {
    expect(codeOf(plain('http://open.example.com:443/'))).toBe('port-refused');
    expect(codeOf(plain('http://open.example.com:8080/'))).toBe('port-refused');
  });

  it.each(['/', '/x', '*', 'open.example.com/', 'ftp://open.example.com/', '//open.example.com/', ''])(
    'is refused as no proxy request when its target is %j',
    (target) => {
      expect(codeOf(plain(target))).toBe('target-invalid');
    },
  );

  it('is told to use CONNECT for https', () => {
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
  ])('is refused for %s', (target) => {
    expect(codeOf(plain(target))).toBe('host-invalid');
  });

  it('is refused with a backslash, which some servers read as a slash', () => {
    expect(codeOf(plain('http://open.example.com\\@evil.org/'))).toBe('target-invalid');
  });

  it('is refused when the Host header names another host', () => {
    expect(codeOf(plain('http://open.example.com/', { hostHeaders: ['api.example.com'] }))).toBe(
      'host-mismatch',
    );
  });

  it('is refused to a host that no route names', () => {
    expect(codeOf(plain('http://evil.org/'))).toBe('host-unlisted');
  });
});

it('every refusal says what was wrong and what to do', () => {
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
