import { describe, expect, it } from 'vitest';
import { type Route, routesFile } from '../../../../../lib/daemons/contract/egress/routes.ts';
import { decide } from '../../../../../lib/daemons/egress/policy/decide.ts';
import { GrantUses } from '../../../../../lib/daemons/egress/policy/grant-uses.ts';
import { buildPolicy } from '../../../../../lib/daemons/egress/policy/policy.ts';
import { calm, codeOf } from '../../../../support/egress/decisions.ts';

const HOST = 'a.example.com';
const policyOf = (...routes: Route[]) =>
  buildPolicy(routesFile.parse({ version: 1, routes }), new Set(['EGRESS_TOKEN_0']));

interface Asked {
  readonly host?: string;
  readonly method?: string;
  readonly target?: string;
  readonly headers?: string[];
}

const factsOf = ({ host = HOST, method = 'GET', target = '/', headers = [] }: Asked) => ({
  kind: 'tunneled' as const,
  method,
  target,
  hostHeaders: [host],
  rawHeaders: headers,
  upgrade: '',
  version: '1.1',
  tunnel: { host, port: 443 },
  serverName: host,
});

const ask = (routes: Route[], asked: Asked, when = calm) => decide(factsOf(asked), policyOf(...routes), when);

describe('encoded slashes', () => {
  const under = (...values: string[]): Route => ({
    host: HOST,
    matches: [{ paths: values.map((value) => ({ type: 'prefix', value })) }],
  });

  it.each([
    ['/@scope%2fname', under('/@scope%2Fname')],
    ['/@scope%2Fname', under('/@scope%2fname')],
    ['/@scope%2fname/-/x.tgz', under('/@scope%2Fname')],
    ['/a/x%2Fy', under('/a/')],
    ['/p/g%2fp/issues', { host: HOST, matches: [{ paths: [{ type: 'regex', value: '/p/[^/]+/issues' }] }] }],
    ['/@scope%2fname', { host: HOST }],
  ] satisfies [string, Route][])(
    '%s is matched with its encoded slash as part of a segment',
    (target, route) => {
      expect(ask([route], { target })).toMatchObject({ allow: true });
    },
  );

  it.each(['/a%2Fb', '/a%2f', '/@scope%2fname'])(
    'a prefix does not match across the encoded slash of %s',
    (target) => {
      expect(codeOf(ask([under('/a', '/@scope')], { target }))).toBe('request-unmatched');
    },
  );

  it.each(['/a/..%2fb', '/a/%2e%2e%2fb', '/a/x%2f..%2f..%2fb', '/a/..%252fb', '/a/..;%2fb', '/a/..%5cb'])(
    'no prefix is escaped by %s',
    (target) => expect(codeOf(ask([under('/a/')], { target }))).toBe('path-ambiguous'),
  );

  it('a path that belongs to another route once its slashes are decoded is refused', () => {
    const routes = [under('/private'), { host: HOST }];
    expect(codeOf(ask(routes, { target: '/private%2Fkeys' }))).toBe('path-ambiguous');
    expect(codeOf(ask(routes, { target: '/public%2Fkeys' }))).toBe('allowed');
    expect(codeOf(ask(routes, { target: '/private/a%2Fb' }))).toBe('allowed');
  });

  it('a push is recognized behind an encoded slash', () => {
    expect(codeOf(ask([{ host: HOST }], { target: '/r.git%2Fgit-receive-pack', method: 'POST' }))).toBe(
      'git-push-refused',
    );
  });
});

describe('routes with matches', () => {
  const matches: Route['matches'] = [
    { paths: [{ type: 'prefix', value: '/v1' }], methods: ['GET', 'HEAD'] },
    {
      paths: [{ type: 'exact', value: '/upload' }],
      headers: [{ type: 'exact', name: 'x-kind', value: 'a' }],
    },
    { paths: [{ type: 'regex', value: '/repos/[a-z]+/issues' }] },
  ];
  const routes = [{ host: HOST, matches }];

  it.each([
    { target: '/v1' },
    { target: '/v1/x?y=../..' },
    { target: '/%76%31/x' },
    { target: '/v1/x', method: 'HEAD' },
    { target: '/upload', method: 'PUT', headers: ['X-Kind', 'a'] },
    { target: '/repos/kit/issues' },
  ])('a route with matches admits %j', (asked) => expect(codeOf(ask(routes, asked))).toBe('allowed'));

  it.each([
    { target: '/v1x' },
    { target: '/V1' },
    { target: '/v1/x', method: 'POST' },
    { target: '/upload', headers: ['X-Kind', 'b'] },
    { target: '/upload', headers: ['X-Kind', 'a', 'x-kind', 'b'] },
    { target: '/upload', headers: ['X-Kind', 'a', 'Connection', 'keep-alive, X-KIND'] },
    { target: '/upload' },
    { target: '/repos/kit/issues/1' },
    { target: '/repos/KIT/issues' },
    { target: '/' },
  ])('a route with matches denies %j', (asked) =>
    expect(codeOf(ask(routes, asked))).toBe('request-unmatched'),
  );

  it('a path with two meanings is denied, whatever it matches', () => {
    expect(codeOf(ask(routes, { target: '/v1/%2e%2e/admin' }))).toBe('path-ambiguous');
  });

  it('a hostile path expression is matched in linear time', () => {
    const hostile: Route = { host: HOST, matches: [{ paths: [{ type: 'regex', value: '/(a+)+$' }] }] };
    const started = performance.now();
    expect(codeOf(ask([hostile], { target: `/${'a'.repeat(10_000)}!` }))).toBe('request-unmatched');
    expect(performance.now() - started).toBeLessThan(500);
  });

  it.each(['(?=a)', '(a)\\1', '['])(
    'a route is invalid with the expression %s, which is not RE2',
    (value) => {
      expect(() => policyOf({ host: HOST, matches: [{ paths: [{ type: 'regex', value }] }] })).toThrow(/RE2/);
    },
  );
});

describe('wildcard routes', () => {
  const routes: Route[] = [
    { host: '*.example.com' },
    { host: 'b.a.example.com', matches: [{ methods: ['PUT'] }] },
  ];

  it('a wildcard route admits names at any depth and reports the actual name', () => {
    expect(ask(routes, { host: 'x.y.example.com' })).toMatchObject({ allow: true, host: 'x.y.example.com' });
  });

  it.each(['example.com', 'evilexample.com', 'a.example.com.evil.org'])(
    'a wildcard route denies %s',
    (host) => {
      expect(codeOf(ask(routes, { host }))).toBe('host-unlisted');
    },
  );

  it('a wildcard route yields to a route for the whole name', () => {
    expect(codeOf(ask(routes, { host: 'b.a.example.com' }))).toBe('request-unmatched');
  });

  it('a wildcard route yields to a longer wildcard', () => {
    const longer: Route = { host: '*.a.example.com', matches: [{ methods: ['PUT'] }] };
    expect(codeOf(ask([...routes, longer], { host: 'x.a.example.com' }))).toBe('request-unmatched');
  });
});

it('a route of the provider takes precedence over a more exact one of the bottle', () => {
  const own: Route = { host: HOST };
  const provided: Route = { host: '*.example.com', owner: 'provider', matches: [{ methods: ['POST'] }] };
  expect(codeOf(ask([own, provided], {}))).toBe('request-unmatched');
  expect(codeOf(ask([own, provided], { method: 'POST' }))).toBe('allowed');
});

describe('Git over HTTPS', () => {
  const push: Asked[] = [
    { target: '/o/r.git/info/refs?service=git-receive-pack' },
    { target: '/o/r/info/refs?service=git%2dreceive%2Dpack' },
    { target: '/o/r/info/refs?a=b&service=git-receive-pack' },
    { target: '/o/r/git-receive-pack', method: 'POST' },
    { target: '/o/r/%67it-receive-pack', method: 'POST' },
    { target: '/o/r/GIT-RECEIVE-PACK', method: 'POST' },
    { target: '/o/r/x', method: 'POST', headers: ['Content-Type', 'application/x-git-receive-pack-request'] },
    { target: '/o/r//git-receive-pack//', method: 'POST' },
    { target: '/o/r/git-receive-pack;a=b', method: 'POST' },
    { target: '/o/r/info//refs;a?service=git-receive-pack' },
    // What Git LFS does besides fetching: objects, their verification, locks.
    { target: '/o/r.git/info/lfs/objects/4665a5', method: 'PUT' },
    { target: '/o/r.git/info/lfs/objects/4665a5', method: 'PATCH' },
    { target: '/o/r.git/info/lfs/objects', method: 'POST' },
    { target: '/o/r.git/info/lfs/verify', method: 'POST' },
    { target: '/o/r.git/info/lfs/objects/batch', method: 'PUT' },
    { target: '/o/r.git/info/lfs/locks', method: 'POST' },
    { target: '/o/r.git/info/lfs/locks/verify', method: 'POST' },
    { target: '/o/r.git/info/lfs/locks/7/unlock', method: 'POST' },
    { target: '/o/r.git//INFO;x/lfs/locks', method: 'POST' },
    { target: '/o/r.git/gitlab-lfs/objects/4665a5/12', method: 'PUT' },
    { target: '/rest/git-lfs/storage/o/r/4665a5', method: 'PUT' },
    { target: '/lfs/4665a5', method: 'PUT', headers: ['Accept', 'application/vnd.git-lfs'] },
    { target: '/lfs/locks', method: 'POST', headers: ['content-type', 'application/vnd.git-lfs+json'] },
  ];
  const fetch: Asked[] = [
    { target: '/o/r.git/info/refs?service=git-upload-pack' },
    { target: '/o/r.git/info/refs' },
    { target: '/o/r/git-upload-pack', method: 'POST' },
    // The body of this one decides between download and upload.
    { target: '/o/r.git/info/lfs/objects/batch', method: 'POST' },
    { target: '/o/r.git/info/lfs/objects/4665a5' },
    { target: '/o/r.git/info/lfs/locks?path=a' },
    { target: '/o/r.git/gitlab-lfs/objects/4665a5', method: 'HEAD' },
    { target: '/lfs/objects/batch', method: 'POST', headers: ['accept', 'application/vnd.git-lfs+json'] },
  ];

  it.each(push)('a push is never admitted: %j', (asked) => {
    expect(codeOf(ask([{ host: HOST, git: { fetch: true } }], asked))).toBe('git-push-refused');
  });

  it.each(fetch)('clone and fetch are admitted only if the route allows them: %j', (asked) => {
    expect(codeOf(ask([{ host: HOST }], asked))).toBe('git-fetch-refused');
    expect(codeOf(ask([{ host: HOST, git: { fetch: true } }], asked))).toBe('allowed');
  });

  it('the rules for Git leave the pages and the API of a forge alone', () => {
    expect(codeOf(ask([{ host: HOST }], { target: '/o/r/commits?service=git' }))).toBe('allowed');
    expect(codeOf(ask([{ host: HOST }], { target: '/git-lfs/git-lfs/issues', method: 'POST' }))).toBe(
      'allowed',
    );
    expect(codeOf(ask([{ host: HOST }], { target: '/v1/objects/batch', method: 'POST' }))).toBe('allowed');
  });
});

describe('several routes for one host', () => {
  const under = (value: string): Route['matches'] => [{ paths: [{ type: 'prefix', value }] }];
  const auth = { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } as const;
  const paid = { host: HOST, matches: under('/paid'), auth };
  const repos = { host: HOST, matches: under('/repos'), git: { fetch: true } };
  const rest = { host: HOST };
  const chosen = (routes: Route[], asked: Asked) => {
    const verdict = ask(routes, asked);
    return verdict.allow ? verdict.rule.source : verdict.code;
  };

  it('the first route whose matches admit a request decides about it', () => {
    const wider = { host: HOST, matches: under('/') };
    expect(chosen([paid, repos, rest], { target: '/paid/x' })).toEqual(paid);
    expect(chosen([paid, repos, rest], { target: '/%70aid/x' })).toEqual(paid);
    expect(chosen([paid, repos, rest], { target: '/repos/r.git/info/refs?service=git-upload-pack' })).toEqual(
      repos,
    );
    expect(chosen([paid, repos, rest], { target: '/other' })).toEqual(rest);
    expect(chosen([wider, paid], { target: '/paid/x' })).toEqual(wider);
  });

  it('what no route of the host admits is refused', () => {
    const fetch = '/other/r.git/info/refs?service=git-upload-pack';
    expect(chosen([paid, repos], { target: '/other' })).toBe('request-unmatched');
    expect(chosen([paid, repos], { target: fetch })).toBe('request-unmatched');
    expect(chosen([paid, repos, rest], { target: fetch })).toBe('git-fetch-refused');
    expect(chosen([repos], { target: '/repos/r.git/git-receive-pack', method: 'POST' })).toBe(
      'git-push-refused',
    );
  });

  it('a route that cannot be used is not replaced by a later one', () => {
    const unset = { ...paid, auth: { ...auth, slot: 'EGRESS_TOKEN_7' } };
    const expired = { ...paid, expires_at: '1970-01-01T00:00:00Z' };
    expect(chosen([unset, rest], { target: '/paid' })).toBe('token-missing');
    expect(chosen([expired, rest], { target: '/paid' })).toBe('grant-expired');
    expect(chosen([expired, rest], { target: '/other' })).toEqual(rest);
  });

  it('a person’s grant that has ended leaves the request to the next route', () => {
    const expired = { ...rest, grant: 'p-000000', expires_at: '1970-01-01T00:00:00Z' };
    const later = { ...rest, grant: 'p-000001', max_uses: 1 };
    expect(chosen([expired, later], { target: '/x' })).toEqual(later);
    expect(chosen([expired], { target: '/x' })).toBe('grant-expired');
    expect(chosen([paid, expired], { target: '/x' })).toBe('grant-expired');
    expect(chosen([paid, expired, repos], { target: '/paid' })).toEqual(paid);
  });

  it.each<[string, Route[], Asked]>([
    ['a host without a route', [{ host: 'x.example' }], {}],
    ['a request that no route matches', [repos], { target: '/other' }],
    ['a grant that has ended', [{ ...rest, expires_at: '1970-01-01T00:00:00Z' }], {}],
  ])('the refusal of %s names the tool with which the agent can ask, if it can', (_what, routes, asked) => {
    const remedyOf = (supervise: boolean) => {
      const file = { version: 1 as const, routes, supervise };
      const verdict = decide(factsOf(asked), buildPolicy(file, new Set()), calm);
      return verdict.allow ? '' : verdict.remedy;
    };
    expect(remedyOf(true)).toBe('Ask for it with the tool `allow` of the MCP server `supervise`.');
    expect(remedyOf(false)).toMatch(/^Ask the operator/);
  });

  it('a CONNECT is admitted while any route of the host can be used', () => {
    const connect = (...routes: Route[]) =>
      codeOf(decide({ kind: 'connect', target: `${HOST}:443` }, policyOf(...routes), calm));
    const unset = { ...paid, auth: { ...auth, slot: 'EGRESS_TOKEN_7' } };
    const expired = { ...rest, expires_at: '1970-01-01T00:00:00Z' };
    expect(connect(unset, rest)).toBe('allowed');
    expect(connect(paid, expired)).toBe('allowed');
    expect(connect(unset, expired)).toBe('token-missing');
  });

  it('a host with a token on any route is never reached in plain text', () => {
    const facts = {
      kind: 'plain',
      method: 'GET',
      target: `http://${HOST}/other`,
      hostHeaders: [HOST],
    } as const;
    const verdict = decide(
      { ...facts, rawHeaders: [], upgrade: '', version: '1.1' },
      policyOf(paid, rest),
      calm,
    );
    expect(codeOf(verdict)).toBe('plaintext-refused');
  });

  it('the provider’s routes hide all routes of the bottle for the host', () => {
    const provided = { ...paid, owner: 'provider' as const };
    expect(chosen([rest, provided], { target: '/paid' })).toEqual(provided);
    expect(chosen([repos, rest, provided], { target: '/other' })).toBe('request-unmatched');
  });
});

describe('grants', () => {
  it('a grant ends exactly at its expiry', () => {
    const routes: Route[] = [{ host: HOST, expires_at: '2026-01-01T00:00:00Z' }];
    const end = Date.parse('2026-01-01T00:00:00Z');
    expect(codeOf(ask(routes, {}, { ...calm, now: end - 1 }))).toBe('allowed');
    expect(codeOf(ask(routes, {}, { ...calm, now: end }))).toBe('grant-expired');
  });

  it('a grant ends with its last use, and reloading the unchanged route does not renew it', () => {
    const routes: Route[] = [{ host: HOST, max_uses: 2 }];
    const uses = new GrantUses();
    const use = () => {
      const verdict = ask(routes, {}, { now: 0, uses: (rule) => uses.of(rule) });
      if (verdict.allow) uses.count(verdict.rule);
      return codeOf(verdict);
    };
    expect([use(), use(), use()]).toEqual(['allowed', 'allowed', 'grant-used-up']);
  });
});

it('a denial names route, reason and remedy, as JSON for clients that prefer it', async () => {
  const { denialResponse } = await import('../../../../../lib/daemons/egress/policy/denial-response.ts');
  const denial = ask([{ host: '*.example.com', matches: [{ methods: ['PUT'] }] }], {});
  if (denial.allow) throw new Error('was let out');
  expect(JSON.parse(denialResponse(denial, 'application/json, text/plain, */*').text)).toEqual({
    code: 'request-unmatched',
    rule: '*.example.com',
    reason: 'The route of a.example.com does not let out GET /.',
    ask: expect.stringContaining('operator'),
  });
  for (const accept of [undefined, '*/*', 'text/html, application/json;q=0.5']) {
    expect(denialResponse(denial, accept).type).toContain('text/plain');
  }
});

it.each(['2130706433', '0x7f000001', '0x7f.1', '127.1', 'a.0x1f', 'a.1', '[::1]', '[::ffff:127.0.0.1]'])(
  'CONNECT to %s is denied, as no notation of an IP address is a host name',
  (host) => {
    const verdict = decide(
      { kind: 'connect', target: `${host}:443` },
      policyOf({ host: '*.example.com' }),
      calm,
    );
    expect(codeOf(verdict)).toBe('host-invalid');
  },
);
