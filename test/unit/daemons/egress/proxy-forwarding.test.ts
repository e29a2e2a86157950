import { createHmac, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SELFTEST_HOST, SELFTEST_NONCE_ENV } from '../../../../lib/daemons/contract/selftest/selftest.ts';
import { answerProof } from '../../../../lib/daemons/selftest/answer-proof.ts';
import { selfSigned } from '../../../../lib/daemons/selftest/self-signed.ts';
import { fetchVia, openTunnel, replyOf, requestOn } from '../../../support/egress/agent.ts';
import { startEgress } from '../../../support/egress/egress.ts';
import { HOST, proxyScene, TOKEN } from '../../../support/egress/proxy-scene.ts';
import { portOf, startUpstream } from '../../../support/egress/upstream.ts';

const scene = proxyScene();

describe('requests to a listed host', () => {
  it('egress replaces all credentials of the agent with the token of the route', async () => {
    const reply = await fetchVia({
      ...scene().tunnel(),
      path: '/v1/x?secret=1',
      headers: {
        authorization: 'Bearer stolen',
        'proxy-authorization': 'Basic c3RvbGVu',
        'proxy-connection': 'keep-alive',
        connection: 'keep-alive, x-drop-me',
        'x-drop-me': '1',
        te: 'deflate',
        'x-keep-me': ['a', 'b'],
      },
    });
    expect(reply.status).toBe(200);
    expect(reply.headers['x-upstream']).toBe('yes');
    const [seen] = scene().upstream.seen;
    expect(seen).toMatchObject({ method: 'GET', url: '/v1/x?secret=1' });
    expect(seen?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(seen?.headers.host).toBe(`${HOST}:${scene().upstream.port}`);
    expect(seen?.headers['x-keep-me']).toBe('a, b');
    expect(JSON.stringify(seen)).not.toMatch(/stolen|c3RvbGVu|x-drop-me|proxy-|deflate/i);
  });

  it('egress sets the header that the route names, in place of everything the agent sent in it', async () => {
    const auth = { header: 'x-api-key', scheme: 'none' as const, slot: 'EGRESS_TOKEN_0' };
    scene().egress.setRoutes([{ host: HOST, port: scene().upstream.port, private: true, auth }]);
    const reply = await fetchVia({
      ...scene().tunnel(),
      headers: {
        // A key that detection would block if it left.
        'x-api-key': ['AKIAQ7XKPM2WZL9RTVBN', 'stolen'],
        authorization: 'Bearer stolen',
        connection: 'x-api-key',
      },
    });
    expect(reply.status).toBe(200);
    const [seen] = scene().upstream.seen;
    expect(seen?.headers['x-api-key']).toBe(TOKEN);
    expect(seen?.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(seen)).not.toMatch(/stolen|AKIA/);
  });

  it('the agent cannot set the header of the credential in a trailer', async () => {
    const auth = { header: 'x-api-key', scheme: 'none' as const, slot: 'EGRESS_TOKEN_0' };
    const trailers: string[] = [];
    const leaf = await scene().world.leaf(HOST);
    const upstream = await startUpstream(leaf, (request, response) => {
      request.resume().on('end', () => {
        trailers.push(...request.rawTrailers);
        response.end();
      });
    });
    scene().egress.setRoutes([{ host: HOST, port: upstream.port, private: true, auth }]);
    const socket = await openTunnel(scene().tunnel(upstream.port));
    const headers = {
      host: `${HOST}:${upstream.port}`,
      'transfer-encoding': 'chunked',
      trailer: 'x-api-key, x-sum',
    };
    const request = requestOn(socket, { path: '/', method: 'POST', headers });
    request.addTrailers({ 'X-Api-Key': 'stolen', 'X-Sum': '1' });
    request.end('body');
    expect((await replyOf(request)).status).toBe(200);
    expect(trailers.join(' ')).toMatch(/^x-sum 1$/i);
    socket.destroy();
    await upstream.close();
  });

  it('a Basic credential is sent in base64, and its password does not come back', async () => {
    const auth = { scheme: 'Basic' as const, slot: 'EGRESS_TOKEN_0' };
    const leaf = await scene().world.leaf(HOST);
    const upstream = await startUpstream(leaf, ({ headers }, response) => {
      const sent = headers.authorization ?? '';
      const [, password] = Buffer.from(sent.slice('Basic '.length), 'base64').toString().split(':');
      response.end(`${sent} robot:${password} ${password}`);
    });
    const egress = await startEgress({
      authority: scene().bottle,
      routes: [{ host: HOST, port: upstream.port, private: true, auth }],
      environment: { EGRESS_TOKEN_0: `robot:${TOKEN}` },
    });
    const reply = await fetchVia({ ...scene().tunnel(upstream.port), proxyPort: egress.port });
    expect(upstream.seen[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from(`robot:${TOKEN}`).toString('base64')}`,
    );
    expect(reply.body).toMatch(/^Basic \*+ \*+ \*+$/);
    await egress.close();
    await upstream.close();
  });

  it('egress presents a certificate that strict clients accept', async () => {
    const socket = await openTunnel(scene().tunnel());
    const leaf = new X509Certificate(socket.getPeerCertificate().raw);
    const authority = new X509Certificate(scene().bottle.certificate);
    socket.destroy();
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkHost(HOST)).toBe(HOST);
    expect(leaf.checkHost('open.example.com')).toBeUndefined();
    expect(leaf.ca).toBe(false);
    // Authority Key Identifier (2.5.29.35): OpenSSL's strict mode refuses a leaf without it.
    expect(leaf.raw.includes(Buffer.from('0603551d23', 'hex'))).toBe(true);
  });

  it('egress serves a client that sends no TLS server name', async () => {
    expect((await fetchVia({ ...scene().tunnel(), serverName: '' })).status).toBe(200);
  });

  it('egress keeps one connection open for several requests on both sides', async () => {
    const socket = await openTunnel(scene().tunnel());
    for (const path of ['/1', '/2', '/3']) {
      const request = requestOn(socket, { path, headers: { host: `${HOST}:${scene().upstream.port}` } });
      request.end();
      expect((await replyOf(request)).status).toBe(200);
    }
    socket.destroy();
    expect(scene().upstream.seen.map((seen) => seen.url)).toEqual(['/1', '/2', '/3']);
    expect(scene().upstream.connections).toBe(1);
  });

  it('a request on a route without a token gets no Authorization header', async () => {
    const leaf = await scene().world.leaf('open.example.com');
    const open = await startUpstream(leaf, (_request, response) => response.end('ok'));
    scene().egress.setRoutes([{ host: 'open.example.com', port: open.port, private: true }]);
    const reply = await fetchVia({
      proxyPort: scene().egress.port,
      target: `open.example.com:${open.port}`,
      ca: scene().bottle.certificate,
      headers: { authorization: 'Bearer mine' },
    });
    expect(reply.body).toBe('ok');
    expect(open.seen[0]?.headers.authorization).toBeUndefined();
    await open.close();
  });

  it('egress supports Expect: 100-continue', async () => {
    const socket = await openTunnel(scene().tunnel());
    const request = requestOn(socket, {
      method: 'POST',
      headers: { host: `${HOST}:${scene().upstream.port}`, expect: '100-continue', 'content-length': '5' },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('hello');
    expect((await replyOf(request)).body).toBe('hello');
    socket.destroy();
  });

  it('a GET with a chunked body reaches the upstream as one request', async () => {
    const socket = await openTunnel(scene().tunnel());
    const request = requestOn(socket, {
      method: 'GET',
      headers: { host: `${HOST}:${scene().upstream.port}`, 'transfer-encoding': 'chunked' },
    });
    request.end('GET /smuggled HTTP/1.1\r\nHost: api.example.com\r\n\r\n');
    expect((await replyOf(request)).body).toContain('GET /smuggled');
    socket.destroy();
    expect(scene().upstream.seen).toHaveLength(1);
  });
});

describe('plain HTTP', () => {
  it('egress forwards plain HTTP to a listed host without credentials of the agent', async () => {
    const plain = await startUpstream(undefined, (_request, response) => response.end('plain'));
    scene().egress.setRoutes([{ host: 'open.example.com', port: plain.port, private: true }]);
    const request = httpRequest({
      host: '127.0.0.1',
      port: scene().egress.port,
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

describe('route changes', () => {
  it('removing a route closes its host to tunnels that are already open', async () => {
    const socket = await openTunnel(scene().tunnel());
    scene().egress.setRoutes([]);
    const request = requestOn(socket, { headers: { host: `${HOST}:${scene().upstream.port}` } });
    request.end();
    expect((await replyOf(request)).headers['x-bot-bottle-reason']).toBe('host-unlisted');
    socket.destroy();
    expect(scene().upstream.seen).toEqual([]);
  });
});

describe('the built-in selftest', () => {
  it('the selftest proves that the nonce was injected without revealing it', async () => {
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
      authority: scene().bottle,
      routes: [],
      environment: { [SELFTEST_NONCE_ENV]: nonce },
      selftest: { port: portOf(server), certificate: join(directory, 'cert.pem') },
    });
    const reply = await fetchVia({
      proxyPort: proving.port,
      target: `${SELFTEST_HOST}:443`,
      ca: scene().bottle.certificate,
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
