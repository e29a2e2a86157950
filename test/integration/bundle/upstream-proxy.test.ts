import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HopScene, ORIGIN } from '../../support/bundle/hop-scene.ts';
import { fetchVia, openTunnel } from '../../support/egress/agent.ts';

const scene = new HopScene();
beforeAll(() => scene.setUp());
afterAll(() => scene.tearDown());
beforeEach((context) => {
  if (scene.lacks !== undefined) context.skip(scene.lacks);
});

const caOf = async (file: string | undefined) => readFile(file ?? '', 'utf8');
const bottleCa = () => caOf(scene.certs?.certificate);

describe('bundle with an intercepting proxy behind egress', () => {
  let port: number;
  beforeAll(async () => {
    if (scene.lacks === undefined) port = await scene.start('one');
  });

  it('egress sends requests through the proxy to the origin, with the injected token', async () => {
    const reply = await scene.ask(port, await bottleCa(), '/v1/through');
    expect([reply.status, reply.body]).toEqual([200, 'hello from the origin']);
    const expected = { url: '/v1/through', authorization: `Bearer ${scene.token}` };
    expect((await scene.atOrigin()).at(-1)).toEqual(expected);
    await expect
      .poll(() => scene.log())
      .toMatch(/^\[pipelock\] .*GET https:\/\/api\.example\.com:8443\/v1\/through/m);
  });

  it('egress refuses unlisted hosts without contacting the upstream proxy', async () => {
    const asked = { proxyPort: port, target: 'evil.example.org:443', ca: await bottleCa() };
    const { status, headers } = await fetchVia(asked);
    expect([status, headers['x-bot-bottle-reason']]).toEqual([403, 'host-unlisted']);
    expect(await scene.log()).not.toMatch(/^\[pipelock\] .*evil\.example\.org/m);
  });

  it('egress reaches the selftest without the upstream proxy', async () => {
    expect(await scene.proves(port, await bottleCa())).toBe(true);
    expect(await scene.log()).not.toMatch(/^\[pipelock\] .*selftest/m);
  });

  it('the upstream proxy has no token and is not reachable from other containers', async () => {
    const health = JSON.parse(await scene.exec('cat', '/run/bot-bottle/health.json'));
    const { pid } = health.daemons.find((daemon: { name: string }) => daemon.name === 'pipelock');
    const environment = await scene.exec('cat', `/proc/${pid}/environ`);
    expect(environment).toContain('SSL_CERT_DIR=');
    expect(environment).not.toContain(scene.token);
    expect(await scene.isOpenToNeighbors(9099)).toBe(true);
    expect(await scene.isOpenToNeighbors(8888)).toBe(false);
  });

  it('the bundle serves again after the upstream proxy was killed', async () => {
    const health = async () => JSON.parse(await scene.exec('cat', '/run/bot-bottle/health.json'));
    const hop = (await health()).daemons.find((daemon: { name: string }) => daemon.name === 'pipelock');
    await scene.exec('node', '-e', `process.kill(${hop.pid}, 'SIGKILL')`);
    await expect
      .poll(async () => (await scene.ask(port, await bottleCa(), '/v1/again')).status, { timeout: 30_000 })
      .toBe(200);
  });
});

describe('upstream proxy that cannot be trusted or reached', () => {
  let before: number;
  beforeEach(async () => {
    before = (await scene.atOrigin()).length;
  });

  it('an upstream proxy with an unexpected CA gets no requests', async () => {
    const port = await scene.start('one', (argument) =>
      argument.startsWith('EGRESS_UPSTREAM_CA=') ? 'EGRESS_UPSTREAM_CA=/etc/bot-bottle/ca/ca.pem' : argument,
    );
    const reply = await scene.ask(port, await bottleCa());
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(await scene.atOrigin()).toHaveLength(before);
    expect(await scene.log()).not.toMatch(/^\[pipelock\] .*GET /m);
  });

  it('a missing upstream proxy lets no requests out', async () => {
    const port = await scene.start('one', (argument) =>
      argument.replace(/^(BOT_BOTTLE_SIDECAR_DAEMONS=.*),pipelock$/, '$1'),
    );
    const reply = await scene.ask(port, await bottleCa());
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-proxy-failed']);
    expect(await scene.proves(port, await bottleCa())).toBe(true);
    expect(await scene.atOrigin()).toHaveLength(before);
  });
});

describe('bundle without routes', () => {
  it('pipelock faces the guest with its own CA when there are no routes', async () => {
    const port = await scene.start('none');
    const ca = await caOf(scene.certs?.pipelock?.certificate);
    const socket = await openTunnel({ proxyPort: port, target: `${ORIGIN}:8443`, ca });
    const leaf = new X509Certificate(socket.getPeerCertificate().raw);
    socket.destroy();
    expect(leaf.checkIssued(new X509Certificate(ca))).toBe(true);
    expect(leaf.checkHost(ORIGIN)).toBe(ORIGIN);
  });
});
