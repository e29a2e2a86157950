import type { RequestListener } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { fetchOn, h2ReplyOf, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import { type H2Upstream, startH2Upstream } from '../../../../support/egress/h2-upstream.ts';
import { startUpstream, type Upstream } from '../../../../support/egress/upstream.ts';

const HOST = 'api.example.com';
const TOKEN = 'tok-3c1f0a97d2';
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');
const closers: (() => unknown)[] = [];
let egress: EgressFixture;
/** Addresses of the host; a test changes them to move it. */
let addresses: Record<string, readonly string[]>;

beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startProxy(port: number): Promise<{ proxyPort: number; target: string; ca: string }> {
  addresses = { [HOST]: ['127.0.0.1'] };
  const auth = { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } as const;
  egress = await startEgress({
    authority: bottle,
    routes: [{ host: HOST, port, private: true, auth }],
    environment: { EGRESS_TOKEN_0: TOKEN },
    addresses,
  });
  closers.push(egress.close);
  return { proxyPort: egress.port, target: `${HOST}:${port}`, ca: bottle.certificate };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

const BODY = 'x'.repeat(200_000);
const REQUESTS: Omit<Sent, 'path'>[] = [
  { method: 'POST', body: 'short' },
  { method: 'POST', body: BODY },
  { method: 'PUT', body: 'short' },
  { method: 'POST' },
  { method: 'PATCH' },
  { method: 'DELETE' },
];

describe('HTTP/1.1 upstreams that die during a request', () => {
  const deaths: [when: string, die: RequestListener][] = [
    ['before it has read any of it', (request) => void request.socket.destroy()],
    ['by closing the connection', (request) => void request.socket.destroySoon()],
    [
      'in the middle',
      (request) =>
        void request.once('data', () => request.socket.destroy()).once('end', () => request.socket.destroy()),
    ],
    ['when it has read all', (request) => void request.resume().once('end', () => request.socket.destroy())],
    [
      'in the middle of its response',
      (request, response) =>
        void request.resume().once('end', () => {
          response.writeHead(200, { 'content-length': 100 }).write('half');
          setTimeout(() => request.socket.destroy(), 20);
        }),
    ],
  ];

  it.each(deaths)('egress never resends a request when an HTTP/1.1 upstream dies: %s', async (_when, die) => {
    const upstream: Upstream = await startUpstream(await world.leaf(HOST), (request, response) => {
      if (request.url === '/first') return void response.end('kept alive');
      die(request, response);
    });
    closers.push(upstream.close);
    const tunnel = await startProxy(upstream.port);
    const ask = async ({ method, path, body }: Sent): Promise<Reply> => {
      const socket = await openTunnel(tunnel);
      const length = body === undefined ? {} : { 'content-length': String(body.length) };
      const request = requestOn(socket, { method, path, headers: { host: tunnel.target, ...length } });
      request.end(body);
      return replyOf(request).finally(() => socket.destroy());
    };
    const paths: string[] = [];
    for (const [index, request] of [...REQUESTS, { method: 'GET' }].entries()) {
      // A first request of the same kind, so that the next one reuses its connection; streamed requests have
      // a pool of their own.
      expect((await ask({ ...request, path: '/first' })).body).toBe('kept alive');
      const path = `/${index}`;
      await ask({ ...request, path }).then(
        ({ status }) => expect(status).toBe(502),
        () => {},
      );
      paths.push('/first', path);
    }
    expect(upstream.seen.map(({ url }) => url)).toEqual(paths);
    // Each connection was used twice, and the address of each was looked up.
    expect(upstream.connections).toBe(REQUESTS.length + 1);
    expect(egress.lookedUp).toHaveLength(upstream.connections);
  });
});

/**
 * Sends a GOAWAY that excludes this stream. Works from the second stream on: the first has no predecessor to
 * name.
 */
function goAwayWithout({ session, id = 0 }: ServerHttp2Stream): void {
  session?.goaway(constants.NGHTTP2_NO_ERROR, id - 2);
}

/** Starts a session and returns a function that sends requests on it. */
async function h2Scene(handle: (stream: ServerHttp2Stream, upstream: H2Upstream, path: string) => void) {
  const upstream = await startH2Upstream(await world.leaf(HOST), (stream, headers, self) =>
    handle(stream, self, String(headers[':path'])),
  );
  const tunnel = await startProxy(upstream.port);
  const session = await openSession(tunnel);
  closers.push(upstream.close, () => session.destroy());
  const ask = ({ method, path, body }: Sent) => {
    const headers = { ':method': method, ':path': path };
    if (body === undefined) return fetchOn(session, headers);
    const stream = streamOn(session, headers);
    stream.end(body);
    return h2ReplyOf(stream);
  };
  return { upstream, ask };
}

describe('HTTP/2 upstreams that die during a request', () => {
  const deaths: [how: string, die: (stream: ServerHttp2Stream) => void][] = [
    ['refuses it', (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
    ['sends GOAWAY without it', goAwayWithout],
    [
      'sends GOAWAY including it, and hangs up',
      (stream) => {
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id ?? 0);
        setTimeout(() => stream.session?.destroy(), 20);
      },
    ],
    ['sends GOAWAY for an error', (stream) => stream.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR, 0)],
    ['hangs up', (stream) => void setImmediate(() => stream.session?.destroy())],
    [
      'refuses it when it has read all',
      (stream) => void stream.resume().once('end', () => stream.close(constants.NGHTTP2_REFUSED_STREAM)),
    ],
  ];

  it.each(deaths)('egress never resends a request when an HTTP/2 upstream dies: %s', async (_how, die) => {
    const { upstream, ask } = await h2Scene((stream, _upstream, path) => {
      if (path === '/first') return stream.respond({}, { endStream: true });
      die(stream);
    });
    const paths: string[] = [];
    for (const [index, request] of REQUESTS.entries()) {
      expect((await ask({ method: 'GET', path: '/first' })).status).toBe(200);
      const path = `/${index}`;
      expect((await ask({ ...request, path })).status, request.method).toBe(502);
      paths.push('/first', path);
    }
    expect(upstream.seen.map((headers) => headers[':path'])).toEqual(paths);
    expect(egress.lookedUp).toHaveLength(upstream.sessions.length);
  });

  it('egress resends a safe request that the upstream did not process, at most once', async () => {
    const { upstream, ask } = await h2Scene((stream, { seen }) => {
      if (seen.length === 2) goAwayWithout(stream);
      else stream.respond({}, { endStream: true });
    });
    await ask({ method: 'GET', path: '/first' });
    expect((await ask({ method: 'GET', path: '/a' })).status).toBe(200);
    expect(upstream.seen.map((headers) => headers[':path'])).toEqual(['/first', '/a', '/a']);
    for (const headers of upstream.seen) {
      expect(headers).toMatchObject({
        authorization: `Bearer ${TOKEN}`,
        ':authority': `${HOST}:${upstream.port}`,
      });
    }
    // The second address was checked like the first.
    expect(upstream.sessions).toHaveLength(2);
    expect(egress.lookedUp).toEqual([HOST, HOST]);
  });

  it('egress sends nothing to an upstream that moves to a forbidden address', async () => {
    const { upstream, ask } = await h2Scene((stream, _upstream, path) => {
      if (path === '/first') return stream.respond({}, { endStream: true });
      addresses[HOST] = ['169.254.169.254'];
      goAwayWithout(stream);
    });
    await ask({ method: 'GET', path: '/first' });
    const { status, headers } = await ask({ method: 'GET', path: '/a' });
    expect([status, headers['x-bot-bottle-reason']]).toEqual([502, 'address-refused']);
    expect(upstream.seen).toHaveLength(2);
  });
});
