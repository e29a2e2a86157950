import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { bottlePaths } from '../../../lib/bottle/paths.ts';
import { runArguments } from '../../../lib/bundle/launch-spec.ts';
import { mintCerts } from '../../../lib/phases/mint-certs.ts';
import type { PhaseContext } from '../../../lib/phases/phase.ts';
import { agentFacing, isChained, proxyDaemonOf } from '../../../lib/plan/agent-facing.ts';
import type { Plan } from '../../../lib/plan/schema.ts';
import { pipelockConfig } from '../../../lib/prepare/pipelock-config.ts';
import { PLAIN_SECURITY } from '../../support/plain-security.ts';
import { useTemporaryHome } from '../../support/temporary-home.ts';

const SLUG = 'demo-a1b2c';
const home = useTemporaryHome();

const ROUTES: Plan['egress']['routes'] = [
  { host: 'nas.lan', port: 8443, private: true },
  { host: 'api.example.com', auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
  { host: '*.example.org' },
];

function planWith(daemons: Plan['daemons'], routes: Plan['egress']['routes']): Plan {
  return {
    slug: SLUG,
    agent: { name: 'demo', file: '/demo.md', origin: 'home' },
    skills: [],
    bottle: { name: 'demo', file: '/demo.md' },
    smolvm: { path: '/smolvm', version: [1, 9, 3], tier: 'socket', fake: true },
    names: { machine: 'm', network: 'n', bundle: 'b' },
    image: { kind: 'reference', reference: 'image' },
    handoff: 'archive',
    provider: {
      template: 'command',
      command: ['run'],
      user: 'node',
      home: '/home/node',
      mcpServers: {},
    },
    hasPrompt: false,
    environment: { literals: {}, forwarded: {}, files: {}, prompted: {} },
    git: [],
    egress: { routes, log: 0, learn: false, tokens: {} },
    daemons,
  };
}

const CHAINED = planWith(['selftest', 'egress', 'pipelock'], ROUTES);
const ALONE = planWith(['selftest', 'egress', 'pipelock'], []);
const WITHOUT = planWith(['selftest', 'egress'], ROUTES);

describe('configuration of pipelock', () => {
  it('pipelock allows only the routes’ hosts and terminates TLS with its own CA', async () => {
    await expect(stringify(pipelockConfig(CHAINED.egress))).toMatchFileSnapshot('golden/pipelock.yaml');
  });

  it('pipelock allows nothing without routes', async () => {
    const config = parse(stringify(pipelockConfig(ALONE.egress)));
    expect(config.mode).toBe('strict');
    expect(config.api_allowlist).toEqual(['no-route.invalid']);
  });

  it('pipelock does not scan the header with the injected token', () => {
    expect(JSON.stringify(pipelockConfig(CHAINED.egress))).not.toMatch(/"Authorization"|EGRESS_TOKEN/);
  });
});

describe('proxy daemon', () => {
  it.each([
    ['egress, with pipelock behind it, when there are routes', CHAINED, 'egress', true],
    ['pipelock when it is enabled and there are no routes', ALONE, 'pipelock', false],
    ['egress when pipelock is not enabled', WITHOUT, 'egress', false],
    [
      'egress when there is neither pipelock nor a route',
      planWith(['selftest', 'egress'], []),
      'egress',
      false,
    ],
  ])('the proxy daemon is %s', (_title, plan, door, chained) => {
    expect([proxyDaemonOf(plan), agentFacing(plan), isChained(plan)]).toEqual([door, [door], chained]);
  });
});

describe('start of the bundle with pipelock', () => {
  const started = async (plan: Plan) => {
    await mkdir(bottlePaths.egress(SLUG), { recursive: true });
    const allocation = { alias: '127.0.0.16', network: 'n' };
    const args = await runArguments({
      plan,
      allocation,
      certs: { directory: '/ca' },
      image: 'image',
      security: PLAIN_SECURITY,
    });
    return { text: args.join(' '), published: args.filter((_, index) => args[index - 1] === '--publish') };
  };

  it('a bundle with pipelock and routes publishes egress, chained to pipelock', async () => {
    const { text, published } = await started(CHAINED);
    expect(published).toEqual(['127.0.0.16::9099']);
    expect(text).toContain('--env BOT_BOTTLE_SIDECAR_DAEMONS=selftest,egress,pipelock ');
    expect(text).toContain('--env EGRESS_UPSTREAM_PROXY=http://127.0.0.1:8888 ');
    expect(text).toContain('--env EGRESS_UPSTREAM_CA=/etc/bot-bottle/pipelock/ca.pem ');
    expect(text).toContain(`source=${bottlePaths.pipelock(SLUG)},target=/etc/bot-bottle/pipelock,readonly`);
  });

  it('a bundle with pipelock but no routes publishes pipelock', async () => {
    const { text, published } = await started(ALONE);
    expect(published).toEqual(['127.0.0.16::8888']);
    expect(text).not.toContain('EGRESS_UPSTREAM');
  });

  it('a bundle without pipelock has no pipelock settings', async () => {
    const { text, published } = await started(WITHOUT);
    expect(published).toEqual(['127.0.0.16::9099']);
    expect(text).not.toMatch(/pipelock|EGRESS_UPSTREAM/);
  });
});

describe('certificates for pipelock', () => {
  const contextOf = (plan: Plan): PhaseContext => ({
    slug: SLUG,
    signal: new AbortController().signal,
    force: false,
    say: () => {},
    read: async (phase) => phase.record.parse(plan),
    willUndo: async () => async () => {},
  });

  it('pipelock gets its own CA, whose key only the owner can read', async () => {
    const context = contextOf(CHAINED);
    const certs = await mintCerts.run(context);
    const directory = join(home.path, 'home', 'state', SLUG, 'pipelock');
    const key = join(directory, 'ca-key.pem');
    expect(certs.pipelock).toMatchObject({ certificate: join(directory, 'ca.pem'), key });
    expect(certs.pipelock?.fingerprint).not.toBe(certs.fingerprint);
    const [ofKey, ofDirectory] = await Promise.all([stat(key), stat(directory)]);
    expect([ofKey.mode & 0o777, ofDirectory.mode & 0o777]).toEqual([0o600, 0o700]);
    expect(await readFile(key, 'utf8')).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n/);
    expect(await readFile(join(directory, 'ca.pem'), 'utf8')).not.toContain('PRIVATE');
    expect(await mintCerts.isAlive(context, certs)).toBe(true);
    expect(await mintCerts.isAlive(contextOf(WITHOUT), certs)).toBe(false);
  });

  it('no CA for pipelock is minted when it is not enabled', async () => {
    const certs = await mintCerts.run(contextOf(WITHOUT));
    expect(certs.pipelock).toBeUndefined();
    expect(await mintCerts.isAlive(contextOf(WITHOUT), certs)).toBe(true);
    expect(await mintCerts.isAlive(contextOf(CHAINED), certs)).toBe(false);
  });
});
