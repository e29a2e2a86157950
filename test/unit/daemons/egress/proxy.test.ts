import { createHmac, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RoutesFile } from '../../../../lib/daemons/contract/routes.ts';
import { SELFTEST_HOST, SELFTEST_NONCE_ENV } from '../../../../lib/daemons/contract/selftest.ts';
import { answerProof } from '../../../../lib/daemons/selftest/answer-proof.ts';
import { selfSigned } from '../../../../lib/daemons/selftest/self-signed.ts';
import { connectVia, fetchVia, openTunnel, replyOf, requestOn } from '../support/agent.ts';
import { testAuthority } from '../support/authority.ts';
import { type EgressFixture, startEgress } from '../support/egress.ts';
import { portOf, startUpstream, type Upstream } from '../support/upstream.ts';

const HOST = 'api.example.com';
const TOKEN = 'tok-3c1f0a97d2';
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');

let upstream: Upstream;
let egress: EgressFixture;

const routes = (port: number): RoutesFile['routes'] => [
  { host: HOST, port, private: true, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
  { host: 'open.example.com', port, private: true },
];
const tunnel = (host = HOST) => ({
  proxyPort: egress.port,
  target: `${host}:${upstream.port}`,
  ca: bottle.certificate,
});

beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));

beforeEach(async () => {
  upstream = await startUpstream(await world.leaf(HOST), (request, response) => {
    response.setHeader('x-upstream', 'yes');
    request.pipe(response);
  });
  egress = await startEgress({
    authority: bottle,
    routes: routes(upstream.port),
    environment: { EGRESS_TOKEN_0: TOKEN },
  });
});
afterEach(async () => {
  await egress.close();
  await upstream.close();
});

describe('a listed host', () => {
  it("gets the route's token in place of whatever credentials the agent sent", async () => {
    const reply = await fetchVia({
      ...tunnel(),
      path: '/v1/x?secret=1',
      headers: {
        authorization: 'Bearer stolen',
        'proxy-authorization': 'Basic c3RvbGVu',
        'proxy-connection': 'keep-alive',
        connection: 'keep-alive, x-drop-me',
        'x-drop-me': '1',
        te: 'trailers',
        'x-keep-me': ['a', 'b'],
      },
    });
    expect(reply.status).toBe(200);
    expect(reply.headers['x-upstream']).toBe('yes');
    const [seen] = upstream.seen;
    expect(seen).toMatchObject({ method: 'GET', url: '/v1/x?secret=1' });
    expect(seen?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(seen?.headers.host).toBe(`${HOST}:${upstream.port}`);
    expect(seen?.headers['x-keep-me']).toBe('a, b');
    expect(JSON.stringify(seen)).not.toMatch(/stolen|c3RvbGVu|x-drop-me|proxy-|trailers/i);
  });

  it('is shown to the agent under a certificate that strict clients accept', async () => {
    const socket = await openTunnel(tunnel());
    const leaf = new X509Certificate(socket.getPeerCertificate().raw);
    const authority = new X509Certificate(bottle.certificate);
    socket.destroy();
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkHost(HOST)).toBe(HOST);
    expect(leaf.checkHost('open.example.com')).toBeUndefined();
    expect(leaf.ca).toBe(false);
    // Authority Key Identifier (2.5.29.35): OpenSSL's strict mode refuses a leaf without.
    expect(leaf.raw.includes(Buffer.from('0603551d23', 'hex'))).toBe(true);
  });

  it('answers a client that sends no TLS server name', async () => {
    expect((await fetchVia({ ...tunnel(), serverName: '' })).status).toBe(200);
  });

  it('keeps one connection for several requests on both sides', async () => {
    const socket = await openTunnel(tunnel());
    for (const path of ['/1', '/2', '/3']) {
      const request = requestOn(socket, { path, headers: { host: `${HOST}:${upstream.port}` } });
      request.end();
      expect((await replyOf(request)).status).toBe(200);
    }
    socket.destroy();
    expect(upstream.seen.map((seen) => seen.url)).toEqual(['/1', '/2', '/3']);
    expect(upstream.connections).toBe(1);
  });

  it('without a token gets no Authorization at all', async () => {
    const leaf = await world.leaf('open.example.com');
    const open = await startUpstream(leaf, (_request, response) => response.end('ok'));
    egress.setRoutes([{ host: 'open.example.com', port: open.port, private: true }]);
    const reply = await fetchVia({
      proxyPort: egress.port,
      target: `open.example.com:${open.port}`,
      ca: bottle.certificate,
      headers: { authorization: 'Bearer mine' },
    });
    expect(reply.body).toBe('ok');
    expect(open.seen[0]?.headers.authorization).toBeUndefined();
    await open.close();
  });

  it('can be asked with Expect: 100-continue', async () => {
    const socket = await openTunnel(tunnel());
    const request = requestOn(socket, {
      method: 'POST',
      headers: { host: `${HOST}:${upstream.port}`, expect: '100-continue', 'content-length': '5' },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('hello');
    expect((await replyOf(request)).body).toBe('hello');
    socket.destroy();
  });

  it('gets a GET with a chunked body as one request, not as two', async () => {
    const socket = await openTunnel(tunnel());
    const request = requestOn(socket, {
      method: 'GET',
      headers: { host: `${HOST}:${upstream.port}`, 'transfer-encoding': 'chunked' },
    });
    request.end('GET /smuggled HTTP/1.1\r\nHost: api.example.com\r\n\r\n');
    expect((await replyOf(request)).body).toContain('GET /smuggled');
    socket.destroy();
    expect(upstream.seen).toHaveLength(1);
  });
});

describe('a refused CONNECT', () => {
  it('to an unlisted host is answered 403 with the reason, and nothing is looked up or dialled', async () => {
    const { status, headers, socket, head } = await connectVia(egress.port, 'evil.example.org:443');
    let body = head;
    for await (const chunk of socket) body += String(chunk);
    expect(status).toBe(403);
    expect(headers['content-type']).toContain('text/plain');
    expect(headers['x-bot-bottle-reason']).toBe('host-unlisted');
    expect(body).toContain('evil.example.org');
    expect(body).toMatch(/manifest/);
    expect(egress.lookedUp).toEqual([]);
    expect(egress.log).toMatchObject([
      { verdict: 'deny', rule: null, host: 'evil.example.org', method: 'CONNECT', status: 403 },
    ]);
  });

  it('to an address or another port is refused as well', async () => {
    expect((await connectVia(egress.port, '127.0.0.1:443')).headers['x-bot-bottle-reason']).toBe(
      'host-invalid',
    );
    expect((await connectVia(egress.port, `${HOST}:22`)).headers['x-bot-bottle-reason']).toBe('port-refused');
  });

  it('is what a route whose token is missing gives: nothing goes out without it', async () => {
    egress.setRoutes([
      { host: HOST, port: upstream.port, private: true, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_9' } },
    ]);
    const { status, headers } = await connectVia(egress.port, `${HOST}:${upstream.port}`);
    expect([status, headers['x-bot-bottle-reason']]).toEqual([403, 'token-missing']);
    expect(upstream.seen).toEqual([]);
  });

  it('is what a tunnel inside a tunnel gives', async () => {
    const socket = await openTunnel(tunnel());
    socket.write(`CONNECT ${HOST}:${upstream.port} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toContain('405');
  });
});

describe('fronting', () => {
  it('by another Host header is refused and never reaches the upstream', async () => {
    const reply = await fetchVia({ ...tunnel(), headers: { host: 'open.example.com' } });
    expect(reply.status).toBe(421);
    expect(reply.headers['x-bot-bottle-reason']).toBe('host-mismatch');
    expect(upstream.seen).toEqual([]);
  });

  it('by another TLS server name is refused and never reaches the upstream', async () => {
    const reply = await fetchVia({ ...tunnel(), serverName: 'open.example.com' });
    expect(reply.status).toBe(421);
    expect(upstream.seen).toEqual([]);
  });

  it('leaves the tunnel usable for honest requests', async () => {
    const socket = await openTunnel(tunnel());
    for (const [host, status] of [
      ['evil.org', 421],
      [`${HOST}:${upstream.port}`, 200],
    ] as const) {
      const request = requestOn(socket, { headers: { host } });
      request.end();
      expect((await replyOf(request)).status).toBe(status);
    }
    socket.destroy();
  });
});

describe('an upstream that is not who it should be', () => {
  it('with a certificate of an unknown authority gets no request', async () => {
    const stranger = testAuthority('a stranger');
    const impostor = await startUpstream(await stranger.leaf(HOST), (_request, response) => response.end());
    egress.setRoutes(routes(impostor.port));
    const reply = await fetchVia({ ...tunnel(), target: `${HOST}:${impostor.port}` });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(impostor.seen).toEqual([]);
    await impostor.close();
  });

  it('with a good certificate for another name gets no request', async () => {
    const other = await startUpstream(await world.leaf('other.example.com'), (_request, response) =>
      response.end(),
    );
    egress.setRoutes(routes(other.port));
    const reply = await fetchVia({ ...tunnel(), target: `${HOST}:${other.port}` });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(other.seen).toEqual([]);
    await other.close();
  });

  it('on a private address is not dialled for a public route', async () => {
    egress.setRoutes([
      { host: HOST, port: upstream.port, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    ]);
    const reply = await fetchVia(tunnel());
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'address-refused']);
    expect(egress.lookedUp).toEqual([HOST]);
    expect(upstream.connections).toBe(0);
  });

  it('that refuses connections is reported in words', async () => {
    await upstream.close();
    const reply = await fetchVia(tunnel());
    expect(reply.status).toBe(502);
    expect(reply.body).toContain('ECONNREFUSED');
    upstream = await startUpstream(undefined, () => {});
  });
});

describe('other requests that never go out', () => {
  it.each([
    [
      'a WebSocket',
      { headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x' } },
      501,
    ],
    ['TRACE, which would echo the token', { method: 'TRACE' }, 405],
  ])('%s', async (_what, request, status) => {
    const reply = await fetchVia({
      ...tunnel(),
      ...request,
      headers: { host: `${HOST}:${upstream.port}`, ...('headers' in request ? request.headers : {}) },
    });
    expect(reply.status).toBe(status);
    expect(upstream.seen).toEqual([]);
  });

  it.each([
    [
      'two lengths',
      'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    ],
    ['two different lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
    ['a bare line feed', 'X: 1\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
    ['a header block above the limit', `X: ${'x'.repeat(40_000)}\r\n\r\n`],
  ])('%s', async (_what, rest) => {
    const socket = await openTunnel(tunnel());
    socket.write(`POST /x HTTP/1.1\r\nHost: ${HOST}:${upstream.port}\r\n${rest}`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 4(00|31) /);
    socket.destroy();
    expect(upstream.seen).toEqual([]);
  });

  it('a body that was announced with Expect: 100-continue to an unlisted host', async () => {
    const { socket } = await connectVia(egress.port, `${HOST}:${upstream.port}`);
    socket.destroy();
    const inside = await openTunnel(tunnel());
    inside.write('POST / HTTP/1.1\r\nHost: evil.org\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n');
    let answer = '';
    for await (const chunk of inside) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(answer).not.toContain('100 Continue');
  });

  it('an HTTP/2 only client is turned away in the handshake', async () => {
    await expect(
      Promise.race([
        openTunnel({ ...tunnel(), alpn: ['h2'] }).then(() => 'opened'),
        once(process, 'never', { signal: AbortSignal.timeout(500) }),
      ]),
    ).rejects.toThrow();
    expect(egress.log).toMatchObject([{ verdict: 'fail', reason: 'tls-failed', host: HOST }]);
  });
});

describe('an agent that hangs up', () => {
  const stages: [string, () => Promise<Socket>][] = [
    ['at once', async () => dial('')],
    ['in the middle of CONNECT', async () => dial('CONNECT api.exam')],
    ['right after CONNECT', async () => dial(`CONNECT ${HOST}:${upstream.port} HTTP/1.1\r\n\r\n`)],
    [
      'instead of a handshake',
      async () => (await connectVia(egress.port, `${HOST}:${upstream.port}`)).socket,
    ],
    [
      'after half a handshake',
      async () => dial(`CONNECT ${HOST}:${upstream.port} HTTP/1.1\r\n\r\n\x16\x03\x01`),
    ],
    ['after a refusal', async () => dial('CONNECT evil.org:443 HTTP/1.1\r\n\r\n')],
    ['after garbage', async () => dial('\0\xff\r\n\r\n')],
  ];

  async function dial(text: string): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: egress.port });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(text, 'latin1');
    return socket;
  }

  it.each(stages)('%s does not disturb the next one', async (_when, open) => {
    for (const waitMs of [0, 5, 30]) {
      const socket = await open();
      await sleep(waitMs);
      socket.resetAndDestroy();
    }
    expect((await fetchVia(tunnel())).status).toBe(200);
  });
});

describe('plain HTTP', () => {
  it('is forwarded to a listed host that has no token, without credentials of the agent', async () => {
    const plain = await startUpstream(undefined, (_request, response) => response.end('plain'));
    egress.setRoutes([{ host: 'open.example.com', port: plain.port, private: true }]);
    const { request: httpRequest } = await import('node:http');
    const request = httpRequest({
      host: '127.0.0.1',
      port: egress.port,
      path: `http://open.example.com:${plain.port}/a?b`,
      headers: { host: `open.example.com:${plain.port}`, authorization: 'Bearer mine' },
    });
    request.end();
    const reply = await replyOf(request);
    expect([reply.status, reply.body]).toEqual([200, 'plain']);
    expect(plain.seen).toMatchObject([{ url: '/a?b' }]);
    expect(plain.seen[0]?.headers.authorization).toBeUndefined();
    await plain.close();
  });
});

describe('time limits', () => {
  it('close a tunnel in which no TLS handshake comes', async () => {
    await egress.close();
    egress = await startEgress({
      authority: bottle,
      routes: routes(upstream.port),
      environment: { EGRESS_TOKEN_0: TOKEN },
      deadlines: { handshakeMs: 100 },
    });
    const { socket } = await connectVia(egress.port, `${HOST}:${upstream.port}`);
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(3000) });
    expect(egress.log).toMatchObject([{ reason: 'tls-failed' }]);
  });

  it('close a connection whose headers trickle, inside a tunnel as well', async () => {
    await egress.close();
    egress = await startEgress({
      authority: bottle,
      routes: routes(upstream.port),
      environment: { EGRESS_TOKEN_0: TOKEN },
      deadlines: { headersMs: 200 },
    });
    const socket = await openTunnel(tunnel());
    socket.write('GET / HTTP/1.1\r\nHost:');
    const trickle = setInterval(() => socket.write('x'), 50);
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(4000) }).finally(() => clearInterval(trickle));
    expect(upstream.seen).toEqual([]);
  });

  it('give up on an upstream that takes the request and says nothing', async () => {
    await egress.close();
    const silent = await startUpstream(await world.leaf(HOST), () => {});
    egress = await startEgress({
      authority: bottle,
      routes: routes(silent.port),
      environment: { EGRESS_TOKEN_0: TOKEN },
      deadlines: { idleMs: 300 },
    });
    const reply = fetchVia({ ...tunnel(), target: `${HOST}:${silent.port}` }).catch((error: Error) => error);
    await expect.poll(() => egress.log.at(-1), { timeout: 3000 }).toMatchObject({ verdict: 'fail' });
    await reply;
    await silent.close();
  });

  it('let an upstream think longer than an unused connection is kept', async () => {
    await egress.close();
    const slow = await startUpstream(await world.leaf(HOST), (_request, response) => {
      setTimeout(() => response.end('thought'), 400);
    });
    egress = await startEgress({
      authority: bottle,
      routes: routes(slow.port),
      environment: { EGRESS_TOKEN_0: TOKEN },
      deadlines: { upstreamKeepAliveMs: 100 },
    });
    expect((await fetchVia({ ...tunnel(), target: `${HOST}:${slow.port}` })).body).toBe('thought');
    await slow.close();
  });
});

describe('the access log', () => {
  it('has one line a request, with no query, header value or token', async () => {
    await fetchVia({
      ...tunnel(),
      path: '/v1/x?key=hidden',
      headers: { authorization: 'Bearer stolen', 'x-api-key': 'k3y' },
    });
    await fetchVia({ ...tunnel(), headers: { host: 'evil.org' } });
    expect(egress.log).toEqual([
      { verdict: 'allow', rule: HOST, host: HOST, method: 'GET', status: 200, path: '/v1/x' },
      {
        verdict: 'deny',
        rule: null,
        host: HOST,
        method: 'GET',
        status: 421,
        path: '/',
        reason: 'host-mismatch',
      },
    ]);
    expect(JSON.stringify(egress.log)).not.toMatch(/hidden|stolen|k3y|tok-/);
  });
});

describe('routes that change', () => {
  it('close a host for tunnels that are already open', async () => {
    const socket = await openTunnel(tunnel());
    egress.setRoutes([]);
    const request = requestOn(socket, { headers: { host: `${HOST}:${upstream.port}` } });
    request.end();
    expect((await replyOf(request)).headers['x-bot-bottle-reason']).toBe('host-unlisted');
    socket.destroy();
    expect(upstream.seen).toEqual([]);
  });
});

describe('the built-in selftest', () => {
  it('proves that the nonce was injected, without showing it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'egress-selftest-'));
    const { cert, key } = await selfSigned(SELFTEST_HOST);
    await writeFile(join(directory, 'cert.pem'), cert);
    const server = createServer({ cert, key }, (request, response) => {
      const { status, body } = answerProof(request.method, request.url, request.headers.authorization);
      response.writeHead(status).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const nonce = '0123456789abcdef';
    const proving = await startEgress({
      authority: bottle,
      routes: [],
      environment: { [SELFTEST_NONCE_ENV]: nonce },
      selftest: { port: portOf(server), certificate: join(directory, 'cert.pem') },
    });
    const reply = await fetchVia({
      proxyPort: proving.port,
      target: `${SELFTEST_HOST}:443`,
      ca: bottle.certificate,
      path: '/prove?challenge=00112233445566778899',
    });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({
      proof: createHmac('sha256', nonce).update('00112233445566778899').digest('hex'),
    });
    expect(reply.body).not.toContain(nonce);
    expect(proving.lookedUp).toEqual([]);
    await proving.close();
    server.close();
    server.closeAllConnections();
    await rm(directory, { recursive: true });
  });
});
