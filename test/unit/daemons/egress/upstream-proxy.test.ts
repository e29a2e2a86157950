import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamProxy } from '../../../../lib/daemons/egress/upstream-proxy.ts';
import { readUpstreamProxy } from '../../../../lib/daemons/egress/upstream-proxy-settings.ts';
import { fetchVia, openTunnel, type Reply, replyOf, requestOn } from '../support/agent.ts';
import { testAuthority } from '../support/authority.ts';
import { type EgressFixture, type EgressFixtureOptions, startEgress } from '../support/egress.ts';
import { fetchOn, openSession } from '../support/h2-agent.ts';
import { startH2Upstream } from '../support/h2-upstream.ts';
import { type Hop, type HopOptions, startHop } from '../support/hop.ts';
import { portOf, startUpstream, type Upstream } from '../support/upstream.ts';
import { nextMessage, openWebSocket, startSocketUpstream, webSocketVia } from '../support/web-socket.ts';

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

describe('a request through an upstream proxy', () => {
  it('passes the hop with the token injected, and the hop asks the origin', async () => {
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

  it('shares one tunnel with the next request to the same host', async () => {
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

  it('in plain HTTP goes to the hop in absolute form, on one connection for all hosts', async () => {
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

  it('may be HTTP/2 all the way, in a tunnel of the hop', async () => {
    const grpc = await startH2Upstream(await world.leaf(HOST), (stream) => {
      stream.respond({}, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end('hello');
    });
    const auth = { scheme: 'Bearer' as const, slot: 'EGRESS_TOKEN_0' };
    hop = await startHop();
    egress = await startEgress({
      authority: bottle,
      routes: [{ host: HOST, port: grpc.port, private: true, auth }],
      environment: { EGRESS_TOKEN_0: TOKEN },
      proxy: { ...hop.proxy, trust: createSecureContext({ ca: world.certificate }) },
    });
    const target = `${HOST}:${grpc.port}`;
    const session = await openSession({ proxyPort: egress.port, target, ca: bottle.certificate });
    for (const path of ['/1', '/2']) {
      const reply = await fetchOn(session, { ':path': path });
      expect([reply.body, reply.trailers['grpc-status']]).toEqual(['hello', '0']);
    }
    session.destroy();
    expect(hop.tunnels).toEqual([target]);
    expect(grpc.seen).toMatchObject([{ authorization: `Bearer ${TOKEN}` }, { ':path': '/2' }]);
    await grpc.close();
  });

  it('by HTTP/2 becomes HTTP/1.1 where the hop speaks nothing else', async () => {
    await start();
    const target = `${HOST}:${upstream.port}`;
    const session = await openSession({ proxyPort: egress.port, target, ca: bottle.certificate });
    expect(await fetchOn(session)).toMatchObject({ status: 200, body: 'hello' });
    session.destroy();
    expect(hop.saw).toMatchObject([{ authorization: `Bearer ${TOKEN}` }]);
  });

  it('may open a WebSocket, which does not go around it either', async () => {
    const chat = await startSocketUpstream(await world.leaf(HOST));
    const auth = { scheme: 'Bearer' as const, slot: 'EGRESS_TOKEN_0' };
    hop = await startHop();
    egress = await startEgress({
      authority: bottle,
      routes: [{ host: HOST, port: chat.port, private: true, auth }],
      environment: { EGRESS_TOKEN_0: TOKEN },
      proxy: { ...hop.proxy, trust: createSecureContext({ ca: world.certificate }) },
    });
    const target = `${HOST}:${chat.port}`;
    const socket = await openWebSocket({ proxyPort: egress.port, target, ca: bottle.certificate });
    socket.send('hello');
    expect(await nextMessage(socket)).toBe('hello');
    expect(hop.tunnels).toEqual([target]);
    expect(chat.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    socket.terminate();
    await hop.close();
    const refused = await webSocketVia({ proxyPort: egress.port, target, ca: bottle.certificate });
    const [, answer] = await once(refused, 'unexpected-response');
    expect([answer.statusCode, answer.headers['x-bot-bottle-reason']]).toEqual([
      502,
      'upstream-proxy-failed',
    ]);
    expect(chat.asked).toHaveLength(1);
    await chat.close();
  });

  it('that policy denies reaches neither the hop nor a resolver', async () => {
    await start();
    expect((await askPlain('evil.example.org')).headers['x-bot-bottle-reason']).toBe('host-unlisted');
    expect([hop.tunnels, hop.saw, egress.lookedUp]).toEqual([[], [], []]);
  });
});

describe('trust through the hop', () => {
  it('is in the hop’s CA alone: an origin that the hop lets through unopened is refused', async () => {
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

  it('is in nothing of a hop with another CA, and no request is sent', async () => {
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

  it('is for the name asked for: the hop’s certificate for another host does not pass', async () => {
    const confused = { ...ofHop, leaf: () => ofHop.leaf('open.example.com') };
    await start({ authority: confused });
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(hop.saw).toEqual([]);
  });
});

describe('a hop that does not serve', () => {
  it('being down lets nothing around it', async () => {
    await start();
    await hop.close();
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-proxy-failed']);
    expect(upstream.connections).toBe(0);
  });

  it('being down lets no plain HTTP around it either', async () => {
    const plain = await startUpstream(undefined, (_request, response) => response.end('plain'));
    await start({}, { routes: [{ host: HOST, port: plain.port, private: true }] });
    await hop.close();
    const reply = await askPlain(`${HOST}:${plain.port}`);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-proxy-failed']);
    expect(plain.connections).toBe(0);
    await plain.close();
  });

  it('says so when it refuses the tunnel', async () => {
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

  it('is given up within the dialling limit when it says nothing', async () => {
    await start({ silent: true }, { deadlines: { dialMs: 150 } });
    const reply = await ask();
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([504, 'upstream-timeout']);
  });

  it('is not believed when it speaks no HTTP', async () => {
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

describe('addresses behind the hop', () => {
  const reasonFor = async (addresses: readonly string[], isPrivate: boolean) => {
    await start(
      {},
      { addresses: { [HOST]: addresses }, routes: [{ host: HOST, port: upstream.port, private: isPrivate }] },
    );
    const reply = await ask();
    return reply.headers['x-bot-bottle-reason'] ?? reply.status;
  };

  it('are refused before the hop hears of the name', async () => {
    expect(await reasonFor(['10.0.0.7'], false)).toBe('address-refused');
    expect(hop.tunnels).toEqual([]);
  });

  it('are refused when only one of several is private: the hop would be free to take that one', async () => {
    expect(await reasonFor(['93.184.215.14', '127.0.0.1'], false)).toBe('address-refused');
    expect(hop.tunnels).toEqual([]);
  });

  it('may be private for a route that says so, and never the cloud’s metadata', async () => {
    expect(await reasonFor(['127.0.0.1'], true)).toBe(200);
    await egress.close();
    await hop.close();
    expect(await reasonFor(['169.254.169.254'], true)).toBe('address-refused');
    expect(hop.tunnels).toEqual([]);
  });
});

describe('the settings of the upstream proxy', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'egress-hop-'));
    await writeFile(join(directory, 'ca.pem'), ofHop.certificate);
    await writeFile(join(directory, 'none.pem'), 'nothing here\n');
    await writeFile(
      join(directory, 'broken.pem'),
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    );
  });
  afterEach(() => rm(directory, { recursive: true }));

  const where = async (proxy: string): Promise<Omit<UpstreamProxy, 'trust'> | undefined> =>
    readUpstreamProxy({ proxy }, {});

  it('come from flags, else from the environment; empty ones count as absent', async () => {
    expect(await where('http://127.0.0.1:8888')).toEqual({ host: '127.0.0.1', port: 8888 });
    expect(await where('http://[::1]:8888/')).toEqual({ host: '::1', port: 8888 });
    expect(await where('http://hop.internal')).toEqual({ host: 'hop.internal', port: 80 });
    const both = {
      EGRESS_UPSTREAM_PROXY: 'http://127.0.0.2:1',
      EGRESS_UPSTREAM_CA: join(directory, 'ca.pem'),
    };
    expect(await readUpstreamProxy({}, both)).toMatchObject({ host: '127.0.0.2', port: 1 });
    expect((await readUpstreamProxy({}, both))?.trust).toBeDefined();
    expect(await readUpstreamProxy({ proxy: 'http://127.0.0.3:1' }, both)).toMatchObject({
      host: '127.0.0.3',
    });
    expect(
      await readUpstreamProxy({}, { EGRESS_UPSTREAM_PROXY: '', EGRESS_UPSTREAM_CA: '' }),
    ).toBeUndefined();
  });

  it.each([
    ['nonsense', 'EGRESS_UPSTREAM_PROXY is no URL'],
    ['https://127.0.0.1:8888', 'EGRESS_UPSTREAM_PROXY must begin with http://'],
    ['http://127.0.0.1:8888/path', 'EGRESS_UPSTREAM_PROXY must be of the form'],
    ['http://me:hunter2@127.0.0.1:8888', 'EGRESS_UPSTREAM_PROXY must hold no credentials'],
  ])('name the variable at fault: %s', async (value, message) => {
    const refused = readUpstreamProxy({}, { EGRESS_UPSTREAM_PROXY: value });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow('hunter2');
  });

  it('name the flag at fault when the CA is not there, holds nothing, or stands alone', async () => {
    const proxy = 'http://127.0.0.1:8888';
    const withCa = (file: string) => readUpstreamProxy({ proxy, ca: join(directory, file) }, {});
    await expect(withCa('absent.pem')).rejects.toThrow('--upstream-ca: ENOENT');
    await expect(withCa('none.pem')).rejects.toThrow(`--upstream-ca: ${join(directory, 'none.pem')}`);
    await expect(withCa('broken.pem')).rejects.toThrow('--upstream-ca: ');
    await expect(readUpstreamProxy({ ca: join(directory, 'ca.pem') }, {})).rejects.toThrow(
      '--upstream-ca is set without an upstream proxy',
    );
  });
});
