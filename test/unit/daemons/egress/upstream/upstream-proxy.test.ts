import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchVia, openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import {
  type EgressFixture,
  type EgressFixtureOptions,
  startEgress,
} from '../../../../support/egress/egress.ts';
import { fetchOn, openSession } from '../../../../support/egress/h2-agent.ts';
import { type Hop, type HopOptions, startHop } from '../../../../support/egress/hop.ts';
import { portOf, startUpstream, type Upstream } from '../../../../support/egress/upstream.ts';

const HOST = 'api.example.com';
const TOKEN = 'tok-3c1f0a97d2';
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const ofHop = testAuthority('the CA of the hop');

let upstream: Upstream;
let hop: Hop;
let egress: EgressFixture;

async function start(hopOptions: HopOptions = {}, egressOptions: Partial<EgressFixtureOptions> = {}) {
  hop = await startHop({ authority: ofHop, upstreamCa: world.certificate, ...hopOptions });
  egress = await startEgress({
    authority: bottle,
    routes: [
      { host: HOST, port: upstream.port, private: true, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    ],
    environment: { EGRESS_TOKEN_0: TOKEN },
    proxy: hop.proxy,
    ...egressOptions,
  });
}

const ask = (path = '/'): Promise<Reply> =>
  fetchVia({
    proxyPort: egress.port,
    target: `${HOST}:${upstream.port}`,
    ca: bottle.certificate,
    path,
    headers: { authorization: 'Bearer stolen' },
  });

const askPlain = (authority: string): Promise<Reply> => {
  const request = httpRequest({
    ...{ host: '127.0.0.1', port: egress.port, path: `http://${authority}/a?b` },
    headers: { host: authority, authorization: 'Bearer stolen' },
  });
  request.end();
  return replyOf(request);
};

beforeEach(async () => {
  upstream = await startUpstream(await world.leaf(HOST), (_request, response) => response.end('hello'));
});
afterEach(async () => {
  await egress?.close();
  await hop?.close();
  await upstream.close();
});

describe('requests through an upstream proxy', () => {
  it('a request passes the upstream proxy with the injected token and reaches the origin', async () => {
    await start();
    const reply = await ask('/v1/x?y=1');
    expect([reply.status, reply.body]).toEqual([200, 'hello']);
    const authority = `${HOST}:${upstream.port}`;
    expect(hop.tunnels).toEqual([authority]);
    expect(hop.saw).toEqual([{ url: `https://${authority}/v1/x?y=1`, authorization: `Bearer ${TOKEN}` }]);
    expect(upstream.seen).toMatchObject([
      { url: '/v1/x?y=1', headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
  });

  it('successive requests to one host share one tunnel through the upstream proxy', async () => {
    await start();
    const socket = await openTunnel({
      proxyPort: egress.port,
      target: `${HOST}:${upstream.port}`,
      ca: bottle.certificate,
    });
    for (const path of ['/1', '/2', '/3']) {
      const request = requestOn(socket, { path, headers: { host: `${HOST}:${upstream.port}` } });
      request.end();
      expect((await replyOf(request)).status).toBe(200);
    }
    socket.destroy();
    expect(hop.tunnels).toHaveLength(1);
    expect(hop.saw).toHaveLength(3);
  });

  it('egress sends plain HTTP for any host to the upstream proxy in absolute form', async () => {
    const plain = await startUpstream(undefined, (_request, response) => response.end('plain'));
    await start(
      {},
      {
        routes: ['open.example.com', 'other.example.com'].map((host) => ({
          host,
          port: plain.port,
          private: true,
        })),
      },
    );
    for (const host of ['open.example.com', 'other.example.com']) {
      expect(await askPlain(`${host}:${plain.port}`)).toMatchObject({ status: 200, body: 'plain' });
    }
    expect(hop.saw.map(({ url }) => url)).toEqual([
      `http://open.example.com:${plain.port}/a?b`,
      `http://other.example.com:${plain.port}/a?b`,
    ]);
    expect(plain.seen.map(({ headers }) => [headers.host, headers.authorization])).toEqual([
      [`open.example.com:${plain.port}`, undefined],
      [`other.example.com:${plain.port}`, undefined],
    ]);
    await plain.close();
  });

  it('an HTTP/2 request becomes HTTP/1.1 if the upstream proxy speaks only HTTP/1.1', async () => {
    await start();
    const target = `${HOST}:${upstream.port}`;
    const session = await openSession({ proxyPort: egress.port, target, ca: bottle.certificate });
    expect(await fetchOn(session)).toMatchObject({ status: 200, body: 'hello' });
    session.destroy();
    expect(hop.saw).toMatchObject([{ authorization: `Bearer ${TOKEN}` }]);
  });

  it('a request that policy denies reaches neither the upstream proxy nor a resolver', async () => {
    await start();
    expect((await askPlain('evil.example.org')).headers['x-bot-bottle-reason']).toBe('host-unlisted');
    expect([hop.tunnels, hop.saw, egress.lookedUp]).toEqual([[], [], []]);
  });
});

describe('trust through an upstream proxy', () => {
  it("egress trusts only the CA of the upstream proxy, not an origin's own certificate", async () => {
    await start({ authority: ofHop });
    const { trust } = hop.proxy;
    if (trust === undefined) throw new Error('the hop has a CA');
    const unopened = await startHop();
    const around = await startEgress({
      authority: bottle,
      routes: [{ host: HOST, port: upstream.port, private: true }],
      proxy: { ...unopened.proxy, trust },
    });
    const reply = await fetchVia({
      ...{ proxyPort: around.port, target: `${HOST}:${upstream.port}`, ca: bottle.certificate },
    });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(upstream.seen).toEqual([]);
    await around.close();
    await unopened.close();
  });

  it('egress sends nothing through an upstream proxy with an unexpected CA', async () => {
    const other = testAuthority('some other CA');
    await start({ authority: other });
    const { proxy } = await startHop({ authority: ofHop });
    await egress.close();
    egress = await startEgress({
      authority: bottle,
      routes: [{ host: HOST, port: upstream.port, private: true }],
      proxy: { ...hop.proxy, ...(proxy.trust && { trust: proxy.trust }) },
    });
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect([hop.saw, upstream.seen]).toEqual([[], []]);
  });

  it('egress rejects a certificate of the upstream proxy for another host name', async () => {
    const confused = { ...ofHop, leaf: () => ofHop.leaf('open.example.com') };
    await start({ authority: confused });
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(hop.saw).toEqual([]);
  });
});

describe('upstream proxy failures', () => {
  it('egress does not bypass an upstream proxy that is down', async () => {
    await start();
    await hop.close();
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-proxy-failed']);
    expect(upstream.connections).toBe(0);
  });

  it('egress does not send plain HTTP around an upstream proxy that is down', async () => {
    const plain = await startUpstream(undefined, (_request, response) => response.end('plain'));
    await start({}, { routes: [{ host: HOST, port: plain.port, private: true }] });
    await hop.close();
    const reply = await askPlain(`${HOST}:${plain.port}`);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-proxy-failed']);
    expect(plain.connections).toBe(0);
    await plain.close();
  });

  it('egress reports that the upstream proxy refused the tunnel', async () => {
    await start({ refuses: 403 });
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-proxy-refused']);
    expect(egress.log.at(-1)).toMatchObject({
      verdict: 'fail',
      status: 502,
      reason: 'upstream-proxy-refused',
    });
    expect(upstream.connections).toBe(0);
  });

  it('egress gives up on a silent upstream proxy after the connect timeout', async () => {
    await start({ silent: true }, { deadlines: { dialMs: 150 } });
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([504, 'upstream-timeout']);
  });

  it('egress rejects an upstream proxy that does not speak HTTP', async () => {
    const babble: Server = createServer((socket) =>
      socket.on('error', () => {}).end('220 mail.example.com ESMTP\r\n'),
    );
    babble.listen(0, '127.0.0.1');
    await once(babble, 'listening');
    await start({}, { proxy: { host: '127.0.0.1', port: portOf(babble) } });
    expect((await ask()).headers['x-bot-bottle-reason']).toBe('upstream-proxy-failed');
    babble.close();
  });
});

describe('addresses behind an upstream proxy', () => {
  const reasonFor = async (addresses: readonly string[], isPrivate: boolean) => {
    await start(
      {},
      { addresses: { [HOST]: addresses }, routes: [{ host: HOST, port: upstream.port, private: isPrivate }] },
    );
    const reply = await ask();
    return reply.headers['x-bot-bottle-reason'] ?? reply.status;
  };

  it('egress refuses a private address before it contacts the upstream proxy', async () => {
    expect(await reasonFor(['10.0.0.7'], false)).toBe('address-refused');
    expect(hop.tunnels).toEqual([]);
  });

  it('egress refuses a host with any private address, as the upstream proxy may pick it', async () => {
    expect(await reasonFor(['93.184.215.14', '127.0.0.1'], false)).toBe('address-refused');
    expect(hop.tunnels).toEqual([]);
  });

  it('egress stops waiting for a silent resolver after the connect timeout', async () => {
    await start({}, { addresses: { [HOST]: 'silent' }, deadlines: { dialMs: 150 } });
    expect((await ask()).headers['x-bot-bottle-reason']).toBe('upstream-timeout');
    egress.setRoutes([{ host: HOST, port: upstream.port, private: true }]);
    const plain = await askPlain(`${HOST}:${upstream.port}`);
    expect(plain.headers['x-bot-bottle-reason']).toBe('upstream-timeout');
    expect([hop.tunnels, hop.saw]).toEqual([[], []]);
  });

  it('a private route allows private addresses, but never the cloud metadata address', async () => {
    expect(await reasonFor(['127.0.0.1'], true)).toBe(200);
    await egress.close();
    await hop.close();
    expect(await reasonFor(['169.254.169.254'], true)).toBe('address-refused');
    expect(hop.tunnels).toEqual([]);
  });
});
