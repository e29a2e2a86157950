import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { proposalText } from '../../../../lib/commands/learn/proposal-text.ts';
import type { Denial, LearnedFile } from '../../../../lib/daemons/contract/egress/learned.ts';
import { decide } from '../../../../lib/daemons/egress/policy/decide.ts';
import { buildPolicy } from '../../../../lib/daemons/egress/policy/policy.ts';
import { loadManifest } from '../../../../lib/manifest/load.ts';
import type { Plan } from '../../../../lib/plan/schema.ts';
import { egressPlan } from '../../../../lib/prepare/egress-plan.ts';
import { agentOf, workshop } from '../../../support/manifest-workspace.ts';

const denial = (changes: Partial<Denial>): Denial => ({
  reason: 'request-unmatched',
  scheme: 'https',
  host: 'api.example.com',
  port: 443,
  method: 'GET',
  path: '/v1/users',
  rule: 'api.example.com',
  count: 2,
  first: '2026-01-01T00:00:00.000Z',
  last: '2026-01-01T00:10:00.000Z',
  ...changes,
});
const connect = (host: string, port = 443): Denial =>
  denial({ reason: 'host-unlisted', host, port, method: 'CONNECT', path: null, rule: null });

/** Returns the egress plan of a bottle with this frontmatter. */
async function planOf(yaml: string): Promise<Plan['egress']> {
  const bottle = `---\n${yaml}---\n`;
  const sources = await workshop({ 'home/agents/dev.md': agentOf('b'), 'home/bottles/b.md': bottle });
  return egressPlan((await loadManifest('dev', sources)).bottle.egress);
}

const PRESENT = `egress:
  learn: true
  routes:
    - host: api.example.com
      auth: {header: x-api-key, scheme: none, token_ref: API_TOKEN}
      matches: [{paths: [{type: exact, value: /v1/me}], methods: [GET]}]
      dlp: {outbound_on_match: block}
    - host: git.example.org
    - host: '*.cdn.example'
      matches: [{methods: [HEAD]}]
    - host: lan.example
      port: 8443
    - host: two.example
      auth: {query: key, token_ref: API_TOKEN}
      matches: [{paths: [{type: prefix, value: /paid}]}]
    - host: two.example
      matches: [{paths: [{type: exact, value: /free}]}]
`;

async function propose(denials: readonly Denial[], more: Partial<LearnedFile> = {}): Promise<string> {
  const learned: LearnedFile = {
    version: 1,
    denials: [...denials],
    beyond: 0,
    withheld: 0,
    unlearnable: {},
    ...more,
  };
  return proposalText('demo-a1b2c', learned, await planOf(PRESENT));
}

/** Pastes the proposed routes into the manifest, in place of those of the same hosts, and evaluates it. */
async function pasted(text: string) {
  const present = parse(PRESENT).egress.routes;
  const proposed = parse(text).egress.routes;
  const hosts = new Set(proposed.map(({ host }: { host: string }) => host));
  const kept = present.filter(({ host }: { host: string }) => !hosts.has(host));
  const plan = await planOf(`${JSON.stringify({ egress: { routes: [...proposed, ...kept] } })}\n`);
  const policy = buildPolicy({ version: 1, routes: plan.routes }, new Set(Object.keys(plan.tokens)));
  const circumstances = { now: 0, uses: () => 0 };
  return {
    plan,
    admits(method: string, url: string): boolean {
      const { protocol, hostname, port, pathname, search } = new URL(url);
      const number = Number(port || (protocol === 'https:' ? 443 : 80));
      const target = `${pathname}${search}`;
      const hostHeaders = [`${hostname}:${number}`];
      const common = {
        method,
        hostHeaders,
        rawHeaders: ['host', ...hostHeaders],
        upgrade: '',
        version: '1.1',
      };
      if (protocol === 'http:')
        return decide({ kind: 'plain', ...common, target: url }, policy, circumstances).allow;
      const opened = decide({ kind: 'connect', target: `${hostname}:${number}` }, policy, circumstances);
      const tunnel = { host: hostname, port: number };
      const facts = { kind: 'tunneled', ...common, target, tunnel, serverName: hostname } as const;
      return opened.allow && decide(facts, policy, circumstances).allow;
    },
  };
}

describe('proposed routes', () => {
  it('a proposal extends the route of a listed host and keeps its settings', async () => {
    const text = await propose([
      denial({ path: '/v1/users/1' }),
      denial({ path: '/v1/users/22' }),
      denial({ method: 'POST', path: '/v1/items' }),
    ]);
    const { plan, admits } = await pasted(text);
    expect(plan.tokens).toEqual({ EGRESS_TOKEN_0: 'API_TOKEN' });
    expect(plan.routes[0]).toMatchObject({
      auth: { header: 'x-api-key', scheme: 'none' },
      dlp: { outbound_on_match: 'block' },
    });
    const requested = [
      ['GET', '/v1/me'],
      ['GET', '/v1/users/1'],
      ['GET', '/v1/users/22'],
      ['POST', '/v1/items'],
    ] as const;
    for (const [method, path] of requested)
      expect(admits(method, `https://api.example.com${path}`), path).toBe(true);
    const neighbors = [
      ['POST', '/v1/users/1'],
      ['GET', '/v1/items'],
      ['GET', '/v1/users'],
      ['GET', '/v1/users/1/keys'],
      ['GET', '/v1/users/admin'],
      ['DELETE', '/v1/me'],
    ] as const;
    for (const [method, path] of neighbors)
      expect(admits(method, `https://api.example.com${path}`), path).toBe(false);
    expect(admits('GET', 'https://evil.example.com/v1/me')).toBe(false);
    expect(text).toContain('# It replaces the route of this host.');
    expect(text).toMatch(/6 denied \(request-unmatched\)/);
  });

  it('a proposal for a host with several routes extends the last one, and says so', async () => {
    const text = await propose([denial({ host: 'two.example', path: '/more', rule: 'two.example' })]);
    expect(parse(text).egress.routes).toEqual([
      {
        host: 'two.example',
        matches: [
          { paths: [{ type: 'exact', value: '/free' }] },
          { paths: [{ type: 'exact', value: '/more' }], methods: ['GET'] },
        ],
      },
    ]);
    expect(text).toContain('two.example has 2 routes; this is the last one.');
  });

  it('an unlisted host seen only in a CONNECT is opened fully, on that port, with a remark', async () => {
    const text = await propose([connect('new.example'), connect('odd.example', 8443), connect('nas.lan')]);
    const { admits } = await pasted(text);
    expect(admits('GET', 'https://new.example/any')).toBe(true);
    expect(admits('GET', 'https://odd.example:8443/any')).toBe(true);
    expect(admits('GET', 'https://odd.example/any')).toBe(false);
    expect(admits('GET', 'https://a.new.example/any')).toBe(false);
    expect(text).toContain('this opens the whole host');
    expect(text.match(/`private: true` is needed/g)).toHaveLength(1);
  });

  it('an unlisted host in plain HTTP is opened only for the requests that were seen', async () => {
    const plain = denial({
      reason: 'host-unlisted',
      scheme: 'http',
      host: 'plain.example',
      port: 80,
      path: '/status',
      rule: null,
    });
    const { admits } = await pasted(await propose([plain]));
    expect(admits('GET', 'http://plain.example/status')).toBe(true);
    expect(admits('POST', 'http://plain.example/status')).toBe(false);
    expect(admits('GET', 'http://plain.example/other')).toBe(false);
    expect(admits('GET', 'https://plain.example/status')).toBe(false);
  });

  it('a denied clone is admitted with `git`, limited to its repository when paths are limited', async () => {
    const fetchOf = (host: string) =>
      denial({ reason: 'git-fetch-refused', host, path: '/o/r.git/info/refs', rule: host });
    const { admits } = await pasted(await propose([fetchOf('git.example.org'), fetchOf('api.example.com')]));
    expect(admits('GET', 'https://git.example.org/any/x.git/info/refs?service=git-upload-pack')).toBe(true);
    expect(admits('GET', 'https://api.example.com/o/r.git/info/refs?service=git-upload-pack')).toBe(true);
    expect(admits('POST', 'https://api.example.com/o/r.git/git-upload-pack')).toBe(true);
    expect(admits('GET', 'https://api.example.com/o/other.git/info/refs?service=git-upload-pack')).toBe(
      false,
    );
    expect(admits('POST', 'https://api.example.com/o/r.git/git-receive-pack')).toBe(false);
  });

  it('a wildcard route is extended only for the host that was requested', async () => {
    const text = await propose([denial({ host: 'a.cdn.example', path: '/lib.js', rule: '*.cdn.example' })]);
    const { admits } = await pasted(text);
    expect(admits('GET', 'https://a.cdn.example/lib.js')).toBe(true);
    expect(admits('HEAD', 'https://a.cdn.example/other')).toBe(true);
    expect(admits('GET', 'https://b.cdn.example/lib.js')).toBe(false);
  });
});

describe('denials without a proposed route', () => {
  it('private addresses, ports and unlearnable denials are explained in comments', async () => {
    const text = await propose(
      [
        denial({ reason: 'address-refused', host: 'git.example.org', path: '/x', rule: 'git.example.org' }),
        denial({
          reason: 'port-refused',
          host: 'lan.example',
          port: 22,
          method: 'CONNECT',
          path: null,
          rule: 'lan.example',
        }),
      ],
      { unlearnable: { 'host-invalid': 3, 'git-push-refused': 1 }, withheld: 4, beyond: 5 },
    );
    expect(parse(text)).toBeNull();
    expect(text).toContain('git.example.org: It resolved to a private address: add `private: true`');
    expect(text).toContain('Port 22 was requested; a route has only one port, and this one has 8443.');
    expect(text).toContain('3 × host-invalid: requests to addresses are always refused');
    expect(text).toMatch(/4 whose path or host contained.*\n.*5 of other kinds/);
  });

  it('forged entries of a compromised bundle are not proposed', async () => {
    const text = await propose([
      connect('10.0.0.1'),
      connect('evil.example\n  - host: more'),
      connect('*.example'),
      connect('selftest.bot-bottle.internal'),
      denial({ path: '/a/../b' }),
      denial({ path: '/x\n# y' }),
      denial({ method: 'GET]\nx' }),
    ]);
    expect(parse(text)).toBeNull();
    expect(text).toContain('7 that cannot be written in a manifest');
    expect(text.split('\n').every((line) => line === '' || line.startsWith('#'))).toBe(true);
  });

  it('no change is proposed for a route of the provider', async () => {
    const present = { routes: [{ host: 'api.example.com', owner: 'provider' as const }], tokens: {} };
    const learned = { version: 1 as const, denials: [denial({})], beyond: 0, withheld: 0, unlearnable: {} };
    expect(proposalText('demo-a1b2c', learned, present)).toContain("belongs to the agent's provider");
  });
});
