import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { SELFTEST_HOST } from '../../../../lib/daemons/contract/selftest/selftest.ts';
import { H1Exchange } from '../../../../lib/daemons/egress/agent/h1-exchange.ts';
import { forward } from '../../../../lib/daemons/egress/forward.ts';
import { DEADLINES } from '../../../../lib/daemons/egress/http/limits.ts';
import { Upstreams } from '../../../../lib/daemons/egress/upstream/upstreams.ts';
import { MemoryBudget } from '../../../../lib/daemons/shared/memory-budget.ts';
import { connectVia, fetchVia, openTunnel, replyOf, requestOn } from '../../../support/egress/agent.ts';
import { connect } from '../../../support/egress/decisions.ts';
import { fetchOn, h2ReplyOf, openSession, streamOn } from '../../../support/egress/h2-agent.ts';
import { HOST, type ProxyScene, proxyScene, TOKEN } from '../../../support/egress/proxy-scene.ts';
import { portOf, startUpstream, type Upstream } from '../../../support/egress/upstream.ts';

const scene = proxyScene();
const extra: Upstream[] = [];
let session: ClientHttp2Session | undefined;
afterEach(async () => {
  session?.destroy();
  for (const upstream of extra.splice(0)) await upstream.close();
});

/** Replaces the echo upstream with one that has its own handler. */
async function upstreamThat(handle: RequestListener): Promise<ReturnType<ProxyScene['tunnel']>> {
  const upstream = await startUpstream(await scene().world.leaf(HOST), handle);
  extra.push(upstream);
  scene().egress.setRoutes(scene().routes(upstream.port));
  return scene().tunnel(upstream.port);
}

async function openTo(handle: RequestListener): Promise<ClientHttp2Session> {
  session = await openSession(await upstreamThat(handle));
  return session;
}

/** Echoes the body. Its trailers hold the request's trailers as JSON, and the injected token. */
const echoTrailers: RequestListener = async (request, response) => {
  const body = await text(request);
  response.writeHead(200, { trailer: 'x-got', 'content-type': 'application/octet-stream' });
  response.write(body);
  response.addTrailers({ 'x-got': JSON.stringify(request.trailers), 'x-token': TOKEN, 'set-cookie': 'a=1' });
  response.end();
};

const AWS = 'AKIAQ3EGRJ7ZK5XWVTPN';

describe('trailers', () => {
  it('HTTP/1.1 trailers pass both ways without credentials, cookies or the token', async () => {
    const { target, ...tunnel } = await upstreamThat(echoTrailers);
    const socket = await openTunnel({ target, ...tunnel });
    const request = requestOn(socket, {
      method: 'POST',
      headers: { host: target, 'transfer-encoding': 'chunked', trailer: 'x-sum' },
    });
    request.write('hello');
    request.addTrailers({ 'x-sum': '1', authorization: 'Bearer mine' });
    request.end();
    const [response]: IncomingMessage[] = await once(request, 'response');
    expect(response && (await text(response))).toBe('hello');
    expect(response?.trailers).toEqual({ 'x-got': '{"x-sum":"1"}', 'x-token': '*'.repeat(TOKEN.length) });
    socket.destroy();
  });

  it('trailers pass both ways between HTTP/2 and HTTP/1.1', async () => {
    const open = await openTo(echoTrailers);
    const stream = open.request({ ':method': 'POST' }, { endStream: false, waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1', authorization: 'Bearer mine' }));
    stream.end('hello');
    const { body, trailers } = await h2ReplyOf(stream);
    expect(body).toBe('hello');
    expect(trailers).toMatchObject({ 'x-got': '{"x-sum":"1"}', 'x-token': '*'.repeat(TOKEN.length) });
    expect(trailers).not.toHaveProperty('set-cookie');
  });

  it.each(['block', 'redact', 'supervise'] as const)(
    'trailers with a secret never leave (%s)',
    async (onMatch) => {
      const open = await openTo(echoTrailers);
      const port = extra[0]?.port ?? 0;
      scene().egress.setRoutes([{ host: HOST, port, private: true, dlp: { outbound_on_match: onMatch } }]);
      const stream = open.request({ ':method': 'POST' }, { endStream: false, waitForTrailers: true });
      stream.on('error', () => {});
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-note': AWS }));
      stream.end('hello');
      expect((await h2ReplyOf(stream)).headers['x-bot-bottle-reason']).toBe('secret-found');
      expect(extra[0]?.seen).toEqual([]);
    },
  );

  it('trailers with a secret cut off a body that was too long to hold', async () => {
    const { promise: broken, resolve: note } = Promise.withResolvers<string>();
    const open = await openTo((request) => {
      request.resume();
      request.on('close', () => note(request.complete ? 'complete' : 'cut off'));
    });
    const stream = open.request({ ':method': 'POST' }, { endStream: false, waitForTrailers: true });
    stream.on('error', () => {});
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-note': AWS }));
    stream.end(Buffer.alloc(9 * 1024 * 1024, 'a '));
    expect((await h2ReplyOf(stream)).headers['x-bot-bottle-reason']).toBe('secret-found');
    expect(await broken).toBe('cut off');
  });
});

it('egress drops a response trailer that HTTP/2 forbids and sends the others', async () => {
  const open = await openTo(async (request, response) => {
    response.write(await text(request));
    response.addTrailers({ 'http2-settings': 'AAMAAABk', 'x-sum': '1' });
    response.end();
  });
  const stream = open.request({ ':method': 'POST' }, { endStream: false });
  stream.end('hello');
  const { body, trailers } = await h2ReplyOf(stream);
  expect([body, trailers['x-sum'], trailers['http2-settings']]).toEqual(['hello', '1', undefined]);
});

describe('interim responses', () => {
  const hinting: RequestListener = (_request, response) => {
    response.writeProcessing();
    response.writeEarlyHints({
      link: [`</a.css>; rel=preload; as=style`, `</${TOKEN}>; rel=preload`],
      'x-other': '1',
    });
    response.end('done');
  };
  const LINK = `</a.css>; rel=preload; as=style, </${'*'.repeat(TOKEN.length)}>; rel=preload`;

  it('egress forwards 103 Early Hints without the injected token, and drops 102', async () => {
    const tunnel = await upstreamThat(hinting);
    const socket = await openTunnel(tunnel);
    const request = requestOn(socket, { headers: { host: tunnel.target } });
    const hints: unknown[] = [];
    request.on('information', ({ statusCode, headers }) => hints.push([statusCode, headers]));
    request.end();
    expect((await replyOf(request)).body).toBe('done');
    expect(hints).toEqual([[103, { link: LINK }]]);
    socket.destroy();
  });

  it('egress forwards 103 Early Hints over HTTP/2', async () => {
    const { body, hints } = await fetchOn(await openTo(hinting));
    expect(body).toBe('done');
    expect(hints).toMatchObject([{ ':status': 103, link: LINK }]);
    expect(hints[0]).not.toHaveProperty('x-other');
  });

  it('egress itself sends 100 Continue to a client that waits for it', async () => {
    const open = await openTo((request, response) => request.pipe(response));
    const stream = streamOn(open, { ':method': 'POST', expect: '100-continue' });
    await once(stream, 'continue');
    stream.end('hello');
    expect((await h2ReplyOf(stream)).body).toBe('hello');
    expect(extra[0]?.seen[0]?.headers.expect).toBeUndefined();
  });

  it('egress refuses an unknown expectation with 417', async () => {
    const reply = await fetchVia({
      ...scene().tunnel(),
      headers: { host: scene().tunnel().target, expect: 'x-200-ok' },
    });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([417, 'expectation-refused']);
    expect(scene().egress.log).toMatchObject([{ verdict: 'deny', status: 417 }]);
    expect(scene().upstream.seen).toEqual([]);
  });
});

describe('HTTP/2 responses', () => {
  const odd: RequestListener = (request, response) => {
    const status = Number(request.url?.slice(1));
    const headers: Record<string, string> = { 'alt-svc': 'h3=":443"', etag: '"1"' };
    if (status === 206) headers['content-range'] = 'bytes 0-3/10';
    response.writeHead(status, 'Odd', { ...headers, connection: 'keep-alive', 'keep-alive': 'timeout=5' });
    response.end(status === 206 ? 'part' : '');
  };

  it.each([
    [204, 'GET', ''],
    [304, 'GET', ''],
    [200, 'HEAD', ''],
    [206, 'GET', 'part'],
  ])(
    'a response with status %d to %s keeps its form over HTTP/2 and loses Alt-Svc',
    async (status, method, body) => {
      const open = await openTo(odd);
      const reply = await fetchOn(open, { ':method': method, ':path': `/${status}`, range: 'bytes=0-3' });
      expect([reply.status, reply.body, reply.headers.etag]).toEqual([status, body, '"1"']);
      for (const name of ['alt-svc', 'connection', 'keep-alive', 'transfer-encoding']) {
        expect(reply.headers).not.toHaveProperty(name);
      }
      expect(reply.headers['content-range']).toBe(status === 206 ? 'bytes 0-3/10' : undefined);
    },
  );

  it('a status that HTTP/2 cannot express becomes 502 and affects no other request', async () => {
    const open = await openTo(odd);
    expect((await fetchOn(open, { ':path': '/999' })).status).toBe(502);
    expect((await fetchOn(open, { ':path': '/200' })).status).toBe(200);
  });

  it.each([
    ['text', 'text/plain', 0],
    ['bytes that come with their head', 'application/octet-stream', 0],
    ['bytes that come behind it', 'application/octet-stream', 50],
  ])(
    'a status that HTTP/2 cannot express becomes 502 even with a short body of %s',
    async (_what, type, ms) => {
      const open = await openTo((_request, response) => {
        response.writeHead(999, 'Odd', { 'content-type': type, 'content-length': '5' });
        if (ms > 0) response.flushHeaders();
        setTimeout(() => response.end('short'), ms);
      });
      expect((await fetchOn(open, { ':path': '/x' })).status).toBe(502);
      expect((await fetchOn(open, { ':path': '/y' })).status).toBe(502);
    },
  );

  it('egress removes Alt-Svc from an HTTP/1.1 response', async () => {
    const reply = await fetchVia({ ...(await upstreamThat(odd)), path: '/200' });
    expect([reply.status, reply.headers['alt-svc']]).toEqual([200, undefined]);
  });
});

it.each(['TLSv1.2', 'TLSv1.3'] as const)('egress speaks HTTP/2 and HTTP/1.1 over %s', async (version) => {
  for (const alpn of [['h2'], ['http/1.1'], ['h2', 'http/1.1']]) {
    const socket = await openTunnel({ ...scene().tunnel(), alpn, version });
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([version, alpn[0]]);
    socket.destroy();
  }
});

it('CONNECT to an IPv6 literal is refused in every spelling, and nothing is looked up', async () => {
  for (const target of [
    '[::1]:443',
    '[0:0:0:0:0:0:0:1]:443',
    '[::ffff:127.0.0.1]:443',
    '[::ffff:7f00:1]:443',
    '[64:ff9b::7f00:1]:443',
    '[fe80::1%25eth0]:443',
    '[v1.fe80]:443',
    '[::1]',
    '[::1]:',
    '[]:443',
    '::1:443',
    '[api.example.com]:443',
    '%5B::1%5D:443',
  ]) {
    const { status, headers, socket } = await connectVia(scene().egress.port, target);
    socket.destroy();
    expect([target, status, headers['x-bot-bottle-reason']]).toEqual([target, 400, 'host-invalid']);
  }
  expect(scene().egress.lookedUp).toEqual([]);
});

it('egress releases a held body if there is no upstream to send it to', async () => {
  const admission = connect(`${SELFTEST_HOST}:443`);
  if (!admission.allow) throw new Error('the selftest has a route');
  const upstreams = new Upstreams({
    deadlines: DEADLINES,
    selftest: { port: 1, certificate: '/nonexistent/cert.pem' },
  });
  const body = Readable.from(['held']);
  const server = createServer((request, response) => {
    const exchange = new H1Exchange(request, response, { tunnel: undefined, awaitsContinue: false });
    const approved = { approved: true as const, path: '/', query: '', rawHeaders: [], body, types: [] };
    const credential = {
      kind: 'header' as const,
      name: 'authorization',
      value: 'Bearer nonce',
    };
    const told = { found: () => {}, brokeOff: () => {} };
    const rest = {
      secure: true,
      upgrade: undefined,
      upstreams,
      credential,
      tokens: ['nonce'],
      budget: new MemoryBudget(),
      ...told,
    };
    void forward(exchange, { admission, approved, ...rest });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = httpRequest({ host: '127.0.0.1', port: portOf(server), method: 'POST' });
  request.end('sent');
  expect((await replyOf(request)).status).toBe(502);
  expect(body.closed).toBe(true);
  server.closeAllConnections();
  server.close();
});
