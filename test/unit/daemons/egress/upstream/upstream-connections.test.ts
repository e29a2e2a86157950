import { once } from 'node:events';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';
import { portOf } from '../../../../support/egress/upstream.ts';

const scene = proxyScene();
const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Wire {
  readonly socket: TLSSocket;
  /** Request lines received on this connection so far. */
  readonly asked: string[];
}

interface WireUpstream {
  readonly port: number;
  readonly wires: Wire[];
  /** Request lines of all connections, in order. */
  readonly asked: string[];
}

/**
 * Starts an upstream that responds with raw bytes. `say` runs for each request; only a short body is
 * expected. `handshakeMs` delays the TLS handshake.
 */
async function startWire(say: (wire: Wire, line: string) => void, handshakeMs = 0): Promise<WireUpstream> {
  const wires: Wire[] = [];
  const asked: string[] = [];
  const secure = createServer(await scene().world.leaf(HOST), (socket) => {
    const wire: Wire = { socket, asked: [] };
    wires.push(wire);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      const line = String(bytes).split('\r\n', 1)[0] ?? '';
      wire.asked.push(line);
      asked.push(line);
      say(wire, line);
    });
  });
  const sockets = new Set<Socket>();
  const server = createTcpServer({ noDelay: true, pauseOnConnect: true }, async (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    await sleep(handshakeMs);
    secure.emit('connection', socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  scene().egress.setRoutes(scene().routes(portOf(server)));
  return { port: portOf(server), wires, asked };
}

async function ask(port: number, path: string, body?: string): Promise<Reply> {
  const socket = await openTunnel(scene().tunnel(port));
  closers.push(() => socket.destroy());
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const request = requestOn(socket, {
    method: body === undefined ? 'GET' : 'POST',
    path,
    headers: { host: `${HOST}:${port}`, ...length },
  });
  request.end(body);
  return replyOf(request);
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('upstream HTTP/1.1 connections', () => {
  it('egress reuses an upstream connection for successive requests', async () => {
    const { port, wires, asked } = await startWire(({ socket }) => void socket.write(OK));
    for (const body of [undefined, 'a', undefined, 'b']) expect((await ask(port, '/', body)).body).toBe('ok');
    expect([wires.length, asked.length]).toEqual([1, 4]);
  });

  it.each([
    ['a second response, as if to the next request', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'],
    ['bytes that are not HTTP', 'evil'],
    ['half a response', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ])('egress does not reuse a connection that carried unsolicited data: %s', async (_what, unasked) => {
    const { port, wires } = await startWire(({ socket, asked }) => {
      socket.write(OK);
      if (wires.length === 1 && asked.length === 1) socket.write(unasked);
    });
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await ask(port, `/${turn}`)).body).toBe('ok');
      await sleep(20);
    }
    expect(wires.map(({ asked }) => asked.length)).toEqual([1, 2]);
  });

  it.each([
    ['by Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', false],
    ['by closing after the response', OK, true],
    ['by closing, where nothing else ends the response', 'HTTP/1.1 200 OK\r\n\r\nok', true],
    ['by HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', true],
  ])('egress does not reuse a connection that the upstream closes: %s', async (_how, answer, ends) => {
    const { port, wires } = await startWire(({ socket }) => {
      socket.write(answer);
      if (ends) socket.end();
    });
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await ask(port, `/${turn}`, 'body')).body).toBe('ok');
      await sleep(20);
    }
    expect(wires.map(({ asked }) => asked.length)).toEqual([1, 1, 1]);
  });

  it('egress fails a request with 504 if connecting takes longer than the connect timeout', async () => {
    const { port } = await startWire(() => {}, 2000);
    await scene().hurry({ dialMs: 200 }, port);
    for (const body of [undefined, 'short', 'x'.repeat(100_000)]) {
      const reply = await ask(port, '/', body);
      expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([504, 'upstream-timeout']);
    }
  });

  it('egress does not send a request that the agent canceled during connection setup', async () => {
    const { port, asked } = await startWire(({ socket }) => void socket.write(OK), 300);
    const socket = await openTunnel(scene().tunnel(port));
    const request = requestOn(socket, { path: '/given-up', headers: { host: `${HOST}:${port}` } });
    request.on('error', () => {});
    request.end();
    await sleep(100);
    socket.destroy();
    await sleep(300);
    expect((await ask(port, '/wanted')).body).toBe('ok');
    expect(asked).toEqual(['GET /wanted HTTP/1.1']);
  });
});

describe('HTTP/1.1 responses from upstream', () => {
  const PIECES = [
    'HTTP/1.1 20',
    '0 OK\r\nTransfer-Encoding: chunked\r\nX-Long: a',
    'b\r\nTrailer: x-sum\r\n\r\n3\r\nabc\r',
    '\n4\r\nde',
    'fg\r\n0\r\nX-Sum: 7\r',
    '\n\r\n',
  ];

  it('egress reassembles a response that arrives in arbitrary pieces', async () => {
    const { port } = await startWire(async ({ socket }) => {
      for (const piece of PIECES) {
        socket.write(piece);
        await sleep(15);
      }
    });
    const reply = await ask(port, '/');
    expect(reply).toMatchObject({ status: 200, body: 'abcdefg', headers: { 'x-long': 'ab' } });
  });

  it.each([
    ['with two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    [
      'with a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['with a folded header', 'HTTP/1.1 200 OK\r\nX-Folded: a\r\n b: c\r\nContent-Length: 2\r\n\r\nok'],
    ['with an invalid length', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'],
    ['with 100 KB of headers', `HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\nok`],
    [
      'that switches protocols unasked',
      'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nok',
    ],
    ['that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['that is empty', ''],
  ])('egress reports a malformed upstream response as 502: %s', async (_what, answer) => {
    const { port } = await startWire(({ socket }) => void socket.end(answer));
    for (const body of [undefined, 'body']) {
      const reply = await ask(port, '/', body);
      expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-failed']);
    }
  });

  it('a response to HEAD or with status 304 has no body despite its Content-Length', async () => {
    const { port } = await startWire(({ socket }, line) => {
      const status = line.startsWith('HEAD') ? '200 OK' : '304 Not Modified';
      socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`);
    });
    const socket = await openTunnel(scene().tunnel(port));
    closers.push(() => socket.destroy());
    const request = requestOn(socket, { method: 'HEAD', path: '/', headers: { host: `${HOST}:${port}` } });
    request.end();
    expect(await replyOf(request)).toMatchObject({ status: 200, body: '' });
    expect(await ask(port, '/')).toMatchObject({ status: 304, body: '' });
  });

  const HALF = 'HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 10\r\n\r\nhalf';

  it('egress fails a response that stalls for longer than the idle timeout', async () => {
    const { port } = await startWire(({ socket }, line) => {
      if (line.includes('/half')) socket.write(HALF);
    });
    await scene().hurry({ idleMs: 200 }, port);
    expect((await ask(port, '/none')).headers['x-bot-bottle-reason']).toBe('upstream-timeout');
    expect((await ask(port, '/none', 'body')).headers['x-bot-bottle-reason']).toBe('upstream-timeout');
    await expect(ask(port, '/half')).rejects.toThrow();
    const broken = { verdict: 'fail', reason: 'upstream-failed', path: '/half' };
    await expect.poll(() => scene().egress.log.at(-1)).toMatchObject(broken);
  });

  it('an unrequested 100 Continue fails at most the first request', async () => {
    const { port } = await startWire(({ socket }) => void socket.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`));
    const first = await ask(port, '/', 'body');
    if (first.status !== 200) expect(first.body).toContain('the next request will be sent another way');
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(port, '/', 'body')).body).toBe('ok');
  });
});
