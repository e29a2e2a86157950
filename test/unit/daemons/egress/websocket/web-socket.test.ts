import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { acceptFor } from '../../../../../lib/daemons/egress/websocket/handshake.ts';
import { connectVia, fetchVia, openTunnel, secureTunnel } from '../../../../support/egress/agent.ts';
import { HOST, socketScene, TOKEN } from '../../../../support/egress/socket-scene.ts';
import {
  closeOf,
  frame,
  HANDSHAKE,
  HANDSHAKE_PROOF,
  nextMessage,
  openWebSocket,
  rawWebSocket,
  shakeHands,
  startSocketUpstream,
} from '../../../../support/egress/web-socket.ts';

const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const scene = socketScene({ idleMs: 1500 });

describe('WebSockets', () => {
  it('a WebSocket opens with the token, without agent credentials, and uncompressed', async () => {
    const socket = await openWebSocket(scene().tunnel(), {
      path: '/a/b?c=d',
      protocols: ['v2.chat', 'v1.chat'],
      headers: { authorization: 'Bearer stolen', cookie: 'a=b', 'proxy-authorization': 'x' },
    });
    const [request] = scene().upstream.asked;
    expect(request?.url).toBe('/a/b?c=d');
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      cookie: 'a=b',
      host: `${HOST}:${scene().upstream.port}`,
      'sec-websocket-protocol': 'v2.chat,v1.chat',
    });
    expect(Object.keys(request?.headers ?? {})).not.toContain('sec-websocket-extensions');
    expect(Object.keys(request?.headers ?? {})).not.toContain('proxy-authorization');
    expect([socket.protocol, socket.extensions]).toEqual(['v2.chat', '']);
    socket.close();
  });

  it('a WebSocket has one audit entry, written at its end, that counts frame bytes', async () => {
    const socket = await openWebSocket(scene().tunnel(), { path: '/counted?c=d' });
    socket.send('x'.repeat(100));
    await nextMessage(socket);
    socket.close(1000);
    const lines = () => scene().egress.log.filter(({ path }) => path === '/counted');
    await expect.poll(lines).toHaveLength(1);
    expect(lines()).toMatchObject([
      { verdict: 'allow', protocol: 'websocket', rule: HOST, method: 'GET', status: 101 },
    ]);
    // Header, mask, text; then header, mask, status.
    expect(lines()).toMatchObject([{ sent: 2 + 4 + 100 + 2 + 4 + 2, received: 2 + 100 + 2 + 2 }]);
  });

  it('a WebSocket carries text, bytes and pings both ways', async () => {
    const socket = await openWebSocket(scene().tunnel());
    socket.send('grüße');
    expect(await nextMessage(socket)).toBe('grüße');
    socket.send(Buffer.from([0, 255, 254]));
    const [data, isBinary] = await once(socket, 'message');
    expect([data, isBinary]).toEqual([Buffer.from([0, 255, 254]), true]);
    socket.ping('still there?');
    expect(String((await once(socket, 'pong'))[0])).toBe('still there?');
    const [other] = scene().upstream.sockets;
    other?.ping('and you?');
    expect(String((await once(socket, 'ping'))[0])).toBe('and you?');
    socket.close();
  });

  it('a WebSocket may open on a connection that was used before', async () => {
    const { target, ...tunnel } = scene().tunnel();
    const connection = await openTunnel({ target, ...tunnel });
    // A response that starts before its length is known.
    connection.write(`HEAD / HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    await once(connection, 'data');
    const socket = new WebSocket(`ws://${target}/`, { createConnection: () => connection });
    await once(socket, 'open');
    for (const text of ['one', 'x'.repeat(200_000), 'three']) {
      socket.send(text);
      expect(await nextMessage(socket)).toBe(text);
    }
    socket.close();
  });

  it('a WebSocket carries a fragmented message of 1 MiB both ways', async () => {
    const socket = await openWebSocket(scene().tunnel());
    const text = 'lorem ipsum '.repeat(87_382);
    for (let start = 0; start < text.length; start += 10_000) {
      socket.send(text.slice(start, start + 10_000), { fin: start + 10_000 >= text.length });
    }
    expect((await nextMessage(socket)) === text).toBe(true);
    socket.close();
  });

  it('a WebSocket passes on close codes and reasons from either side', async () => {
    const first = await openWebSocket(scene().tunnel());
    first.close(4001, 'enough');
    expect(await closeOf(first)).toBe('4001 enough');
    await vi.waitFor(() => expect(scene().upstream.closes).toContain('4001 enough'));
    const second = await openWebSocket(scene().tunnel());
    const [other] = scene().upstream.sockets;
    other?.close(1013, 'busy');
    expect(await closeOf(second)).toBe('1013 busy');
    const third = await openWebSocket(scene().tunnel());
    third.close();
    expect(await closeOf(third)).toBe('1005');
  });

  it('a WebSocket is closed with 1014 when its upstream breaks off', async () => {
    const socket = await openWebSocket(scene().tunnel());
    for (const other of scene().upstream.sockets) other.terminate();
    expect(await closeOf(socket)).toBe('1014');
    expect(scene().egress.log.at(-1)).toMatchObject({ verdict: 'fail', reason: 'upstream-failed' });
  });

  it('a WebSocket is closed with 1001 toward the upstream when the agent breaks off', async () => {
    const socket = await openWebSocket(scene().tunnel());
    const [other] = scene().upstream.sockets;
    socket.terminate();
    if (other === undefined) throw new Error('not connected');
    expect(await closeOf(other)).toBe('1001');
  });

  it.each<[string, (socket: TLSSocket, connection: Socket) => void]>([
    ['ends its connection', (socket) => socket.end()],
    ['drops its connection', (socket) => socket.destroy()],
    ['resets its connection', (_socket, connection) => connection.resetAndDestroy()],
  ])(
    'an agent that %s without a close frame, between messages, has ended the WebSocket',
    async (_how, leave) => {
      const tunnel = scene().tunnel();
      const { socket: connection } = await connectVia(tunnel.proxyPort, tunnel.target);
      const socket = await shakeHands(await secureTunnel(connection, tunnel), tunnel);
      socket.write(frame({ opcode: 1, payload: 'hello' }));
      await once(socket, 'data');
      socket.write(
        Buffer.concat([frame({ opcode: 9, payload: 'still there?' }), frame({ opcode: 1, payload: 'a' })]),
      );
      await vi.waitFor(() => expect(scene().upstream.heard).toHaveLength(2));
      leave(socket, connection);
      await expect
        .poll(() => scene().egress.log)
        .toMatchObject([{ verdict: 'allow', reason: null, protocol: 'websocket', status: 101 }]);
    },
  );

  it.each<[string, Buffer]>([
    ['in the head of a frame', Buffer.from([0x81])],
    ['in the mask of a frame', Buffer.from([0x81, 0x80, 0, 0])],
    ['in the length of a frame', Buffer.from([0x82, 0xfe, 0])],
    ['in the text of a frame', frame({ opcode: 1, payload: 'hello' }).subarray(0, 8)],
    ['one byte before the end of a frame', frame({ opcode: 2, payload: 'hello' }).subarray(0, -1)],
    ['between two fragments', frame({ opcode: 1, payload: 'hel', fin: false })],
    ['in a ping', frame({ opcode: 9, payload: 'still there?' }).subarray(0, 9)],
  ])('an agent that leaves %s is gone, which is a failure', async (_where, bytes) => {
    const socket = await rawWebSocket(scene().tunnel());
    socket.write(frame({ opcode: 1, payload: 'first' }));
    await once(socket, 'data');
    socket.end(bytes);
    await expect
      .poll(() => scene().egress.log)
      .toMatchObject([{ verdict: 'fail', reason: 'client-gone', protocol: 'websocket', status: 101 }]);
  });

  it('a silent WebSocket is closed after the idle timeout', async () => {
    const socket = await openWebSocket(scene().tunnel());
    expect(await closeOf(socket)).toBe('1001');
  });

  it('a WebSocket is closed when its route is removed or no longer admits its path', async () => {
    const first = await openWebSocket(scene().tunnel());
    scene().egress.setRoutes([]);
    expect(await closeOf(first)).toBe('1006');
    scene().egress.setRoutes([scene().route()]);
    const second = await openWebSocket(scene().tunnel());
    scene().egress.setRoutes([scene().route({ matches: [{ paths: [{ type: 'exact', value: '/other' }] }] })]);
    expect(await closeOf(second)).toBe('1006');
    const revoked = { verdict: 'deny', reason: 'route-revoked', status: 101, rule: HOST };
    await expect.poll(() => scene().egress.log).toMatchObject([revoked, revoked]);
  });

  it('a WebSocket opens over plain HTTP if the route has no token', async () => {
    const plain = await startSocketUpstream(undefined);
    scene().egress.setRoutes([{ host: HOST, port: plain.port, private: true }]);
    const target = `${HOST}:${plain.port}`;
    for (const scheme of ['http', 'ws']) {
      const request = httpRequest({
        host: '127.0.0.1',
        port: scene().egress.port,
        path: `${scheme}://${target}/x`,
        headers: { host: target, ...HANDSHAKE },
      });
      request.end();
      const [response, socket] = await once(request, 'upgrade');
      expect(response.headers['sec-websocket-accept']).toBe(HANDSHAKE_PROOF);
      socket.destroy();
    }
    await plain.close();
  });
});

describe('WebSocket handshakes', () => {
  const ask = async (headers: Record<string, string>, path = '/') =>
    fetchVia({
      ...scene().tunnel(),
      path,
      headers: { host: scene().tunnel().target, ...HANDSHAKE, ...headers },
    });

  it('a handshake for a path that the route does not admit is denied', async () => {
    scene().play({ matches: [{ paths: [{ type: 'exact', value: '/chat' }] }] });
    const reply = await ask({}, '/admin');
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([403, 'request-unmatched']);
    expect(scene().upstream.asked).toEqual([]);
  });

  it.each([
    ['the query', {}, `/?k=${KEY}`],
    ['a subprotocol', { 'sec-websocket-protocol': `auth, ${KEY}` }, '/'],
    ['a cookie', { cookie: `k=${Buffer.from(KEY).toString('base64')}` }, '/'],
  ])('a handshake with a secret in %s does not leave', async (_where, headers, path) => {
    scene().play({ dlp: { outbound_on_match: 'block' } });
    const reply = await ask(headers, path);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([403, 'secret-found']);
    expect(scene().upstream.asked).toEqual([]);
    expect(JSON.stringify([reply, scene().egress.log])).not.toContain(KEY);
  });

  it.each([
    ['another version', { 'sec-websocket-version': '8' }],
    ['no proper key', { 'sec-websocket-key': 'short' }],
    ['another protocol beside it', { upgrade: 'websocket, h2c' }],
    ['a body', { 'content-length': '4' }],
    ['a Connection header without upgrade', { connection: 'keep-alive' }],
  ])('a handshake with %s is refused', async (_what, headers) => {
    const reply = await ask(headers);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([400, 'handshake-invalid']);
    expect(scene().upstream.asked).toEqual([]);
  });

  it('a handshake refused upstream gets the response of the upstream, without the token', async () => {
    const body = `no ${TOKEN} ${'x'.repeat(300_000)}`;
    const head = `HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\nx-seen: ${TOKEN}\r\n\r\n`;
    scene().play({}, { instead: () => `${head}${body}` });
    const reply = await ask({});
    expect(reply).toMatchObject({ status: 404, headers: { 'x-seen': '*'.repeat(TOKEN.length) } });
    expect(reply.body === body.replace(TOKEN, '*'.repeat(TOKEN.length))).toBe(true);
  });

  it.each([
    ['proves nothing', { 'sec-websocket-accept': HANDSHAKE_PROOF }],
    ['compresses unasked', { 'sec-websocket-extensions': 'permessage-deflate' }],
    ['chooses another protocol', { upgrade: 'h2c' }],
    ['chooses a subprotocol that was not offered', { 'sec-websocket-protocol': 'v9' }],
  ])('egress opens no WebSocket to an upstream that %s', async (_what, changed) => {
    const instead = (request: IncomingMessage) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-accept': acceptFor(String(request.headers['sec-websocket-key'])),
        ...changed,
      };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
    };
    scene().play({}, { instead });
    const reply = await ask({});
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-failed']);
  });

  it('a request for another upgrade is handled as an ordinary request', async () => {
    const reply = await ask({ upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' });
    expect(reply).toMatchObject({ status: 200, body: 'no WebSocket' });
  });
});
