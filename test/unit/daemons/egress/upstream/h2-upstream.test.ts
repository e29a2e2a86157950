import { once } from 'node:events';
import {
  type ClientHttp2Session,
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../../../../lib/daemons/contract/egress/routes.ts';
import type { Deadlines } from '../../../../../lib/daemons/egress/http/limits.ts';
import { fetchVia, openTunnel } from '../../../../support/egress/agent.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { fetchOn, h2ReplyOf, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import {
  FLAG,
  FRAME,
  frame,
  headersFrame,
  PREFACE,
  readFrames,
} from '../../../../support/egress/h2-frames.ts';
import { type H2Upstream, startH2Upstream } from '../../../../support/egress/h2-upstream.ts';

const HOST = 'api.example.com';
const TOKEN = 'tok-3c1f0a97d2';
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');
let upstream: H2Upstream;
let egress: EgressFixture;
let session: ClientHttp2Session | undefined;

type Handle = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: H2Upstream) => void;
const echo: Handle = (stream) => {
  stream.respond({ 'x-upstream': 'yes' });
  stream.pipe(stream);
};

interface Scene {
  readonly handle?: Handle;
  readonly settings?: Parameters<typeof startH2Upstream>[2];
  readonly deadlines?: Partial<Deadlines>;
  readonly route?: Partial<Route>;
}

/** A proxy, an upstream that speaks HTTP/2, and a session of the agent's to it. */
async function start({ handle = echo, settings, deadlines, route }: Scene = {}): Promise<ClientHttp2Session> {
  upstream = await startH2Upstream(await world.leaf(HOST), handle, settings);
  egress = await startEgress({
    authority: bottle,
    routes: [
      {
        host: HOST,
        port: upstream.port,
        private: true,
        auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' },
        ...route,
      },
    ],
    environment: { EGRESS_TOKEN_0: TOKEN },
    ...(deadlines === undefined ? {} : { deadlines }),
  });
  session = await openSession(tunnel());
  return session;
}
const tunnel = () => ({ proxyPort: egress.port, target: `${HOST}:${upstream.port}`, ca: bottle.certificate });

beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));
afterEach(async () => {
  session?.destroy();
  await egress.close();
  await upstream.close();
});

describe('what comes by HTTP/2', () => {
  it('goes by HTTP/2 to an upstream that speaks it, with the token and without what the agent had', async () => {
    const reply = await fetchOn(await start(), {
      ':path': '/v1/x?y',
      authorization: 'Bearer mine',
      te: 'trailers',
    });
    expect([reply.status, reply.headers['x-upstream']]).toEqual([200, 'yes']);
    expect(upstream.seen).toHaveLength(1);
    expect(upstream.seen[0]).toMatchObject({
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': tunnel().target,
      ':path': '/v1/x?y',
      authorization: `Bearer ${TOKEN}`,
      te: 'trailers',
    });
    expect(upstream.seen[0]).not.toHaveProperty('host');
  });

  it('shares one session upstream', async () => {
    const many = await start();
    await Promise.all(Array.from({ length: 50 }, () => fetchOn(many)));
    expect(upstream.seen).toHaveLength(50);
    expect(upstream.sessions).toHaveLength(1);
  });

  it('opens another session where the upstream takes few requests at once, and in the end waits', async () => {
    const many = await start({
      handle: (stream) => void setTimeout(() => stream.respond({}, { endStream: true }), 50),
      settings: { settings: { maxConcurrentStreams: 2 } },
    });
    await fetchOn(many);
    const replies = await Promise.all(Array.from({ length: 40 }, () => fetchOn(many)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(upstream.sessions.length).toBeGreaterThan(1);
    expect(upstream.sessions.length).toBeLessThanOrEqual(8);
  });

  it('speaks gRPC: bytes each way, trailers after them, and an error in trailers alone', async () => {
    const grpc = await start({
      handle: (stream, headers) => {
        const type = { 'content-type': 'application/grpc' };
        if (headers[':path'] === '/svc/Fail') {
          return stream.respond({ ...type, 'grpc-status': '7' }, { endStream: true });
        }
        stream.respond(type, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-echo': TOKEN }));
        stream.pipe(stream);
      },
    });
    const call = (path: string) =>
      streamOn(grpc, {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
    const good = call('/svc/Echo');
    good.end(Buffer.from([0, 0, 0, 0, 2, 8, 150]));
    const reply = await h2ReplyOf(good);
    expect(reply.trailers).toMatchObject({ 'grpc-status': '0', 'x-echo': '*'.repeat(TOKEN.length) });
    expect(reply.headers['content-type']).toBe('application/grpc');
    const bad = call('/svc/Fail');
    bad.end(Buffer.alloc(5));
    expect((await h2ReplyOf(bad)).headers['grpc-status']).toBe('7');
  });

  it('streams both ways at once where bodies are not scanned', async () => {
    const both = await start({ route: { dlp: { outbound_detectors: [] } } });
    const stream = streamOn(both, { ':method': 'POST' });
    stream.write('one');
    await once(stream, 'response');
    expect(String((await once(stream, 'data'))[0])).toBe('one');
    stream.write('two');
    expect(String((await once(stream, 'data'))[0])).toBe('two');
    stream.end();
  });

  it('is not sent on when the agent takes it back in the middle of its body', async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<string>();
    const open = await start({
      route: { dlp: { outbound_detectors: [] } },
      handle: (stream) => {
        stream.resume();
        stream.on('close', () => end(stream.aborted ? 'aborted' : 'complete'));
      },
    });
    const stream = streamOn(open, { ':method': 'POST' });
    stream.write('half');
    await expect.poll(() => upstream.seen.length).toBe(1);
    stream.close(constants.NGHTTP2_NO_ERROR);
    expect(await ended).toBe('aborted');
  });
});

it('a trailer of the agent that HTTP/2 has no words for is left out, and harms nobody', async () => {
  const got: unknown[] = [];
  await start({
    handle: (stream) => {
      stream.on('trailers', (trailers) => got.push(trailers['x-sum'], trailers['http2-settings']));
      echo(stream, {}, upstream);
    },
  });
  const socket = await openTunnel({ ...tunnel(), alpn: ['h2'] });
  const frames = readFrames(socket);
  const request = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', tunnel().target],
    [':path', '/'],
  ] as const;
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), headersFrame(1, request, false)]));
  socket.write(frame(FRAME.data, 0, 1, Buffer.from('hello')));
  socket.write(
    headersFrame(1, [
      ['x-sum', '1'],
      ['http2-settings', 'AAMAAABk'],
    ]),
  );
  while (!frames.some(({ type, flags }) => type === FRAME.data && flags === FLAG.endStream))
    await once(socket, 'data');
  socket.destroy();
  expect(got).toEqual(['1', undefined]);
});

describe('a session upstream', () => {
  it('that is going away takes no more requests, and ends those it has', async () => {
    let go = () => {};
    const open = await start({
      handle: (stream, headers) => {
        if (headers[':path'] !== '/slow') return stream.respond({}, { endStream: true });
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
        go = () => stream.respond({}, { endStream: true });
      },
    });
    const slow = fetchOn(open, { ':path': '/slow' });
    await expect.poll(() => upstream.seen.length).toBe(1);
    await sleep(50);
    expect((await fetchOn(open)).status).toBe(200);
    expect(upstream.sessions).toHaveLength(2);
    go();
    expect((await slow).status).toBe(200);
  });

  it('that refuses a request unprocessed is asked again once, but only if nothing of a body had left', async () => {
    const open = await start({
      handle: (stream, headers, { seen }) => {
        const first = seen.filter((one) => one[':path'] === headers[':path']).length === 1;
        if (first || headers[':path'] === '/never') stream.close(constants.NGHTTP2_REFUSED_STREAM);
        else stream.respond({}, { endStream: true });
      },
    });
    expect((await fetchOn(open, { ':path': '/get' })).status).toBe(200);
    const post = streamOn(open, { ':method': 'POST', ':path': '/post' });
    post.end('body');
    expect((await h2ReplyOf(post)).status).toBe(502);
    expect((await fetchOn(open, { ':path': '/never' })).status).toBe(502);
    expect(upstream.seen.map((one) => one[':path'])).toEqual(['/get', '/get', '/post', '/never', '/never']);
    expect(new Set(upstream.seen.map((one) => one[':authority']))).toEqual(new Set([tunnel().target]));
  });

  it('that fails otherwise is never asked again', async () => {
    const open = await start({ handle: (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR) });
    const reply = await fetchOn(open);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-failed']);
    expect(upstream.seen).toHaveLength(1);
  });

  it('is closed when idle', async () => {
    const open = await start({ deadlines: { upstreamKeepAliveMs: 200 } });
    await fetchOn(open);
    const [first] = upstream.sessions;
    if (first?.closed === false) await once(first, 'close');
    expect((await fetchOn(open)).status).toBe(200);
    expect(upstream.sessions).toHaveLength(2);
  });

  it('that never answers is given up', async () => {
    const open = await start({ handle: () => {}, deadlines: { idleMs: 300 } });
    const reply = await fetchOn(open);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([504, 'upstream-timeout']);
  });

  it('ends with the route that it was for', async () => {
    const open = await start({
      handle: (stream) => void stream.respond({}),
      deadlines: { upstreamKeepAliveMs: 100 },
    });
    const stream = streamOn(open, {});
    stream.end();
    await once(stream, 'response');
    egress.setRoutes([]);
    const [first] = upstream.sessions;
    if (first?.closed === false) await once(first, 'close');
    expect(open.closed || open.destroyed).toBe(true);
  });
});

it('what comes by HTTP/1.1 goes by HTTP/1.1, also to an upstream that would speak HTTP/2', async () => {
  await start({ settings: { allowHTTP1: true } });
  expect((await fetchVia(tunnel())).body).toBe('by HTTP/1.1');
  expect(upstream.seen).toEqual([]);
});

it('an upstream with a certificate for another name gets no request by HTTP/2 either', async () => {
  upstream = await startH2Upstream(await world.leaf('other.example.com'), echo);
  egress = await startEgress({
    authority: bottle,
    routes: [{ host: HOST, port: upstream.port, private: true }],
  });
  session = await openSession(tunnel());
  const reply = await fetchOn(session);
  expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
  expect(upstream.seen).toEqual([]);
});

it('an upstream on a private address is not dialled by HTTP/2 either', async () => {
  upstream = await startH2Upstream(await world.leaf(HOST), echo);
  egress = await startEgress({ authority: bottle, routes: [{ host: HOST, port: upstream.port }] });
  session = await openSession(tunnel());
  const reply = await fetchOn(session);
  expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'address-refused']);
  expect(upstream.sessions).toEqual([]);
});
