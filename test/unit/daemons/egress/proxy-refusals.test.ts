import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { connectVia, fetchVia, openTunnel, replyOf, requestOn } from '../../../support/egress/agent.ts';
import { testAuthority } from '../../../support/egress/authority.ts';
import { startEgress } from '../../../support/egress/egress.ts';
import { HOST, proxyScene } from '../../../support/egress/proxy-scene.ts';
import { startUpstream } from '../../../support/egress/upstream.ts';

const scene = proxyScene();

describe('refused CONNECT requests', () => {
  it('without explanations, CONNECT to an unlisted host gets 403 with the reason', async () => {
    const egress = await startEgress({ authority: scene().bottle, routes: [], explainDenials: false });
    const { status, headers, socket, head } = await connectVia(egress.port, 'evil.example.org:443');
    let body = head;
    for await (const chunk of socket) body += String(chunk);
    expect(status).toBe(403);
    expect(headers['content-type']).toContain('text/plain');
    expect(headers['x-bot-bottle-reason']).toBe('host-unlisted');
    expect(body).toContain('evil.example.org');
    expect(body).toMatch(/manifest/);
    expect(egress.lookedUp).toEqual([]);
    await expect
      .poll(() => egress.log)
      .toMatchObject([
        { verdict: 'deny', rule: null, host: 'evil.example.org', method: 'CONNECT', status: 403 },
      ]);
    await egress.close();
  });

  it('CONNECT to an IP address or to another port is refused', async () => {
    expect((await connectVia(scene().egress.port, '127.0.0.1:443')).headers['x-bot-bottle-reason']).toBe(
      'host-invalid',
    );
    expect((await connectVia(scene().egress.port, `${HOST}:22`)).headers['x-bot-bottle-reason']).toBe(
      'port-refused',
    );
  });

  it('a tunnel is refused if the token of the route is missing', async () => {
    scene().egress.setRoutes([
      {
        host: HOST,
        port: scene().upstream.port,
        private: true,
        auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_9' },
      },
    ]);
    const { status, headers } = await fetchVia(scene().tunnel());
    expect([status, headers['x-bot-bottle-reason']]).toEqual([403, 'token-missing']);
    expect(scene().upstream.seen).toEqual([]);
  });

  it('CONNECT inside a tunnel is refused', async () => {
    const socket = await openTunnel(scene().tunnel());
    socket.write(`CONNECT ${HOST}:${scene().upstream.port} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toContain('405');
  });
});

describe('domain fronting', () => {
  it('a request with another Host header is refused and never reaches the upstream', async () => {
    const reply = await fetchVia({ ...scene().tunnel(), headers: { host: 'open.example.com' } });
    expect(reply.status).toBe(421);
    expect(reply.headers['x-bot-bottle-reason']).toBe('host-mismatch');
    expect(scene().upstream.seen).toEqual([]);
  });

  it('a request with another TLS server name is refused and never reaches the upstream', async () => {
    const reply = await fetchVia({ ...scene().tunnel(), serverName: 'open.example.com' });
    expect(reply.status).toBe(421);
    expect(scene().upstream.seen).toEqual([]);
  });

  it('a tunnel stays usable after a request for another host', async () => {
    const socket = await openTunnel(scene().tunnel());
    for (const [host, status] of [
      ['evil.org', 421],
      [`${HOST}:${scene().upstream.port}`, 200],
    ] as const) {
      const request = requestOn(socket, { headers: { host } });
      request.end();
      expect((await replyOf(request)).status).toBe(status);
    }
    socket.destroy();
  });
});

describe('untrustworthy upstreams', () => {
  it('an upstream with a certificate from an unknown CA gets no request', async () => {
    const stranger = testAuthority('a stranger');
    const impostor = await startUpstream(await stranger.leaf(HOST), (_request, response) => response.end());
    scene().egress.setRoutes(scene().routes(impostor.port));
    const reply = await fetchVia({ ...scene().tunnel(impostor.port) });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(impostor.seen).toEqual([]);
    await impostor.close();
  });

  it('an upstream with a certificate for another name gets no request', async () => {
    const other = await startUpstream(await scene().world.leaf('other.example.com'), (_request, response) =>
      response.end(),
    );
    scene().egress.setRoutes(scene().routes(other.port));
    const reply = await fetchVia({ ...scene().tunnel(other.port) });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
    expect(other.seen).toEqual([]);
    await other.close();
  });

  it('egress does not connect to a private address for a public route', async () => {
    scene().egress.setRoutes([
      { host: HOST, port: scene().upstream.port, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    ]);
    const reply = await fetchVia(scene().tunnel());
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'address-refused']);
    expect(scene().egress.lookedUp).toEqual([HOST]);
    expect(scene().upstream.connections).toBe(0);
  });

  it('egress explains that an upstream refused the connection', async () => {
    await scene().upstream.close();
    const reply = await fetchVia(scene().tunnel());
    expect(reply.status).toBe(502);
    expect(reply.body).toContain('ECONNREFUSED');
    scene().upstream = await startUpstream(undefined, () => {});
  });
});

describe('other refused requests', () => {
  it('egress refuses TRACE, which would echo the token', async () => {
    const headers = { host: `${HOST}:${scene().upstream.port}` };
    const reply = await fetchVia({ ...scene().tunnel(), method: 'TRACE', headers });
    expect(reply.status).toBe(405);
    expect(scene().upstream.seen).toEqual([]);
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
  ])('egress refuses a request with %s', async (_what, rest) => {
    const socket = await openTunnel(scene().tunnel());
    socket.write(`POST /x HTTP/1.1\r\nHost: ${HOST}:${scene().upstream.port}\r\n${rest}`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 4(00|31) /);
    socket.destroy();
    expect(scene().upstream.seen).toEqual([]);
  });

  it('egress does not send 100 Continue for a request that it refuses', async () => {
    const { socket } = await connectVia(scene().egress.port, `${HOST}:${scene().upstream.port}`);
    socket.destroy();
    const inside = await openTunnel(scene().tunnel());
    inside.write('POST / HTTP/1.1\r\nHost: evil.org\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n');
    let answer = '';
    for await (const chunk of inside) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(answer).not.toContain('100 Continue');
  });

  it('egress turns away a client without HTTP/1.1 or HTTP/2 in the TLS handshake', async () => {
    await expect(
      Promise.race([
        openTunnel({ ...scene().tunnel(), alpn: ['h3'] }).then(() => 'opened'),
        once(process, 'never', { signal: AbortSignal.timeout(500) }),
      ]),
    ).rejects.toThrow();
    await expect
      .poll(() => scene().egress.log)
      .toMatchObject([{ verdict: 'fail', reason: 'tls-failed', host: HOST }]);
  });
});
