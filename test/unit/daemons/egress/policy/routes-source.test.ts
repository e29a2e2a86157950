import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { routesText } from '../../../../../lib/daemons/contract/egress/routes.ts';
import { PolicyFile } from '../../../../../lib/daemons/egress/policy/policy-file.ts';
import { parseRoutes } from '../../../../../lib/daemons/egress/policy/routes-source.ts';

const parse = (text: string) => parseRoutes(text, 'routes.yaml');

describe('routes files', () => {
  it('parseRoutes reads comments, credentials, ports and private hosts', () => {
    const text = `# policy
version: 1
routes:
  - host: api.example.com
    auth: { scheme: Bearer, slot: EGRESS_TOKEN_0 }
  - host: local.example.com
    port: 8443
    private: true
`;
    expect(parse(text).routes).toEqual([
      { host: 'api.example.com', auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
      { host: 'local.example.com', port: 8443, private: true },
    ]);
  });

  it.each([
    ['version: 2\nroutes: []\n', /^routes\.yaml:1: version: /],
    ['version: 1\n', /^routes\.yaml:1: routes: /],
    ['', /^routes\.yaml:1: the file: /],
    ['version: 1\nroutes:\n  - host: A.example.com\n', /^routes\.yaml:3: routes\[0\]\.host: .*lower case/],
    ['version: 1\nroutes:\n  - host: 127.0.0.1\n', /^routes\.yaml:3: routes\[0\]\.host: /],
    ['version: 1\nroutes:\n  - host: "*.com"\n', /^routes\.yaml:3: routes\[0\]\.host: /],
    ['version: 1\nroutes:\n  - host: https://example.com\n', /^routes\.yaml:3: routes\[0\]\.host: /],
    [
      'version: 1\nroutes:\n  - host: a.example\n    allow: true\n',
      /^routes\.yaml:4: routes\[0\]\.allow: unknown key/,
    ],
    [
      'version: 1\nroutes:\n  - host: a.example\n    auth:\n      scheme: Bearer\n      slot: MY_TOKEN\n',
      /^routes\.yaml:6: routes\[0\]\.auth\.slot: a token slot is EGRESS_TOKEN_<number>/,
    ],
    [
      'version: 1\nroutes:\n  - host: a.example\n    auth:\n      scheme: Digest\n      slot: EGRESS_TOKEN_0\n',
      /^routes\.yaml:5: routes\[0\]\.auth\.scheme: /,
    ],
    [
      'version: 1\nroutes:\n  - host: a.example\n  - host: a.example\n',
      /^routes\.yaml:4: routes\[1\]\.host: an earlier route of this host has no matches/,
    ],
    [
      'version: 1\nroutes:\n  - {host: a.example, matches: [{methods: [GET]}]}\n  - {host: a.example, port: 8443}\n',
      /^routes\.yaml:4: routes\[1\]\.host: an earlier route of this host has another port/,
    ],
    [
      'version: 1\nroutes:\n  - {host: a.example, matches: [{methods: [GET]}]}\n  - {host: a.example, private: true}\n',
      /^routes\.yaml:4: routes\[1\]\.host: an earlier route of this host has another value of private/,
    ],
    ['version: 1\nroutes:\n  - host: a.example\n    port: 0\n', /^routes\.yaml:4: routes\[0\]\.port: /],
    ['version: 1\nroutes: *nowhere\n', /^routes\.yaml:1: not valid YAML: Unresolved alias/],
    ['version: 1\nroutes: [\n', /^routes\.yaml:\d: not valid YAML/],
    ['version: 1\nversion: 1\nroutes: []\n', /^routes\.yaml:2: not valid YAML.*unique/],
    [
      'version: 1\nroutes:\n  - host: selftest.bot-bottle.internal\n',
      /^routes\.yaml:3: routes\[0\]\.host: selftest\.bot-bottle\.internal is built in/,
    ],
  ])('parseRoutes rejects %j with file, line and key', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it.each(['host', 'content-length', 'proxy-authorization', 'X-Api-Key', 'x api key'])(
    'parseRoutes rejects %j as the header of a credential',
    (header) => {
      const auth = `{ header: ${header}, scheme: none, slot: EGRESS_TOKEN_0 }`;
      const text = `version: 1\nroutes:\n  - host: a.example\n    auth: ${auth}\n`;
      expect(() => parse(text)).toThrow(/^routes\.yaml:4: routes\[0\]\.auth\.header: /);
    },
  );

  it.each([
    ['{ query: "key[]", slot: EGRESS_TOKEN_0 }', 'query: a parameter name of'],
    ['{ query: "a&b", slot: EGRESS_TOKEN_0 }', 'query: a parameter name of'],
    ['{ query: Service, slot: EGRESS_TOKEN_0 }', 'query: this parameter cannot carry a credential'],
    [
      '{ query: key, scheme: Bearer, slot: EGRESS_TOKEN_0 }',
      'query: cannot be combined with `header` or `scheme`',
    ],
    [
      '{ query: key, header: x-a, slot: EGRESS_TOKEN_0 }',
      'query: cannot be combined with `header` or `scheme`',
    ],
    ['{ header: x-a, slot: EGRESS_TOKEN_0 }', 'scheme: is missing'],
    ['{ slot: EGRESS_TOKEN_0 }', 'scheme: is missing'],
  ])('parseRoutes rejects the credential %s', (auth, fault) => {
    const text = `version: 1\nroutes:\n  - host: a.example\n    auth: ${auth}\n`;
    expect(() => parse(text)).toThrow(`routes.yaml:4: routes[0].auth.${fault}`);
  });

  it('parseRoutes reports all faults at once', () => {
    expect(() => parse('version: 1\nroutes:\n  - host: A\n  - host: B\n')).toThrow(/:3: .*\n.*:4: /);
  });
});

describe('PolicyFile', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'routes-'));
    path = join(directory, 'routes.yaml');
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('PolicyFile denies everything before a file is read and if there is none', async () => {
    const policy = new PolicyFile(path, new Set());
    expect(policy.current.rules.bottle.size).toBe(0);
    await expect(policy.load()).rejects.toThrow(path);
    expect(policy.current.rules.bottle.size).toBe(0);
  });

  it('PolicyFile follows its file and keeps the policy if the file becomes invalid', async () => {
    const policy = new PolicyFile(path, new Set());
    await writeFile(path, 'version: 1\nroutes:\n  - host: one.example\n');
    await policy.load();
    await writeFile(path, 'version: 1\nroutes:\n  - host: two.example\n');
    expect(await policy.reload()).toEqual({ ok: true, generation: 2, routes: 2 });
    expect([...policy.current.rules.bottle.keys()]).toContain('two.example');

    await writeFile(path, 'version: 1\nroutes:\n  - hots: three.example\n');
    expect(await policy.reload()).toEqual({
      ok: false,
      generation: 2,
      error: expect.stringMatching(/routes\.yaml:3: routes\[0\]/),
    });

    await writeFile(
      path,
      'version: 1\nroutes:\n  - {host: a.example, matches: [{paths: [{type: regex, value: "("}]}]}\n',
    );
    expect(await policy.reload()).toMatchObject({
      ok: false,
      generation: 2,
      error: expect.stringContaining('the route of a.example: ( is no RE2'),
    });
    expect([...policy.current.rules.bottle.keys()]).toContain('two.example');
  });

  it('the policy summary names slots without a token, so that the log explains denials', async () => {
    const policy = new PolicyFile(path, new Set(['EGRESS_TOKEN_0']));
    const auth = (slot: string) => `    auth: { scheme: Bearer, slot: ${slot} }\n`;
    await writeFile(
      path,
      `version: 1\nroutes:\n  - host: a.example\n${auth('EGRESS_TOKEN_0')}  - host: b.example\n${auth('EGRESS_TOKEN_1')}`,
    );
    await policy.load();
    expect(policy.summary).toContain('EGRESS_TOKEN_1');
    expect(policy.summary).not.toContain('EGRESS_TOKEN_0');
  });
});

describe('routes files written by the host', () => {
  const file = { version: 1 as const, routes: [{ host: 'a.example', port: 8443 }, { host: '*.b.example' }] };

  it('a routes file written by the host reads back unchanged and is valid YAML', () => {
    expect(parseRoutes(routesText(file), 'routes.yaml')).toEqual(file);
    expect(parseYaml(routesText(file))).toEqual(file);
  });

  it('a routes file written by the host is held to the same rules as any YAML', () => {
    const twice = routesText(file).replace('"port": 8443', '"port": 443,\n      "port": 8443');
    expect(() => parseRoutes(twice, 'routes.yaml')).toThrow(/not valid YAML.*unique/i);
    const unknown = routesText(file).replace('"port"', '"prot"');
    expect(() => parseRoutes(unknown, 'routes.yaml')).toThrow(
      /routes\.yaml:\d+: routes\[0\]\.prot: unknown key/,
    );
  });
});
