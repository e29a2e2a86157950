import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { MAX_CONNECTIONS_PER_SOURCE } from '../../../../../lib/daemons/egress/http/limits.ts';
import { fetchVia } from '../../../../support/egress/agent.ts';
import { PREFACE } from '../../../../support/egress/h2-frames.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';

const scene = proxyScene();

/** Source address of the floods; the other client has another loopback address. */
const FLOODER = '127.0.0.2';

const MIB = 1024 * 1024;

async function open(localAddress = FLOODER): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: scene().egress.port, localAddress });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The first data from the proxy, or an empty string if it hangs up. */
async function firstWord(socket: Socket): Promise<string> {
  const word = once(socket, 'data').then(([chunk]) => String(chunk));
  return Promise.race([word, once(socket, 'close').then(() => '')]);
}

const isServed = async () => (await fetchVia(scene().tunnel())).status === 200;

describe('connections from one address', () => {
  const ASK = 'GET http://_egress.local/allowlist HTTP/1.1\r\nHost: _egress.local\r\n\r\n';

  it('connections from one address are limited, others are served, and slots are reused', async () => {
    const sockets = await Promise.all(Array.from({ length: MAX_CONNECTIONS_PER_SOURCE }, () => open()));
    const ask = (socket: Socket) => {
      const word = firstWord(socket);
      socket.write(ASK);
      return word;
    };
    // The first and the last are both served.
    for (const socket of [sockets[0], sockets.at(-1)]) expect(socket && (await ask(socket))).toMatch(/ 200 /);

    const oneMore = await open();
    expect(await ask(oneMore)).toBe('');
    expect(await isServed()).toBe(true);
    expect(await ask(await open('127.0.0.3'))).toMatch(/ 200 /);

    for (const socket of sockets.splice(0, 3)) socket.destroy();
    const again: Socket[] = [];
    await expect
      .poll(async () => {
        const socket = await open();
        const isIn = (await ask(socket)) !== '';
        if (isIn) again.push(socket);
        return isIn && again.length;
      })
      .toBe(3);
    expect(await ask(await open())).toBe('');

    for (const socket of [...sockets, ...again]) socket.destroy();
    await expect.poll(async () => ask(await open())).toMatch(/ 200 /);
  });

  it('closed tunnels free their connection slots', async () => {
    const connectTo = `CONNECT ${HOST}:${scene().upstream.port} HTTP/1.1\r\n\r\n`;
    for (let round = 0; round < 2; round += 1) {
      const sockets = await Promise.all(Array.from({ length: MAX_CONNECTIONS_PER_SOURCE }, () => open()));
      const words = sockets.map(firstWord);
      for (const socket of sockets) socket.write(connectTo);
      const established = (await Promise.all(words)).filter((word) => word.includes('200 Connection'));
      expect(established).toHaveLength(MAX_CONNECTIONS_PER_SOURCE);
      for (const socket of sockets) socket.resetAndDestroy();
      await expect.poll(async () => firstWord((await open()).end('GET / HTTP/1.1\r\n\r\n'))).not.toBe('');
    }
  });
});

/** Returns the ClientHello of a TLS client. */
async function clientHello(): Promise<Buffer> {
  const wire = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const sent = new Promise<Buffer>((resolve) => {
    wire._write = (chunk, _encoding, done) => {
      resolve(chunk);
      done();
    };
  });
  tlsConnect({ socket: wire, servername: HOST }).on('error', () => {});
  return sent;
}

/** Performs a TLS handshake on a socket with an open tunnel, then writes `text`. */
async function insideTls(socket: Socket, alpn: string, text: string | Buffer): Promise<void> {
  const secure = tlsConnect({
    socket,
    ca: scene().bottle.certificate,
    servername: HOST,
    ALPNProtocols: [alpn],
  });
  secure.on('error', () => {});
  await once(secure, 'secureConnect');
  if (text.length > 0) secure.write(text);
  secure.resume();
}

describe('connections that start and then stall', () => {
  const CONNECT = () => `CONNECT ${HOST}:${scene().upstream.port} HTTP/1.1\r\n\r\n`;
  const tunnel = async (socket: Socket) => {
    const word = firstWord(socket);
    socket.write(CONNECT());
    expect(await word).toContain('200 Connection');
  };
  const head = () => `POST / HTTP/1.1\r\nHost: ${HOST}:${scene().upstream.port}\r\nX: `;

  const stages: [where: string, begin: (socket: Socket) => unknown][] = [
    ['at once', () => {}],
    ['in CONNECT', (socket) => socket.write(CONNECT().slice(0, -4))],
    ['in a plain request', (socket) => socket.write('GET http://open.example.com/ HTTP/1.1\r\nA:')],
    ['behind CONNECT', tunnel],
    [
      'in the ClientHello',
      async (socket) => {
        await tunnel(socket);
        socket.write((await clientHello()).subarray(0, 100));
      },
    ],
    [
      'behind the handshake',
      async (socket) => insideTls(socket, 'http/1.1', await tunnel(socket).then(() => '')),
    ],
    ['in a request', async (socket) => insideTls(socket, 'http/1.1', await tunnel(socket).then(head))],
    [
      'behind the handshake of HTTP/2',
      async (socket) => insideTls(socket, 'h2', await tunnel(socket).then(() => '')),
    ],
    [
      'behind the preface of HTTP/2',
      async (socket) => insideTls(socket, 'h2', await tunnel(socket).then(() => PREFACE)),
    ],
  ];

  it('stalled connections harm no other client at any stage and are closed in time', async () => {
    // Long enough for all of them to start.
    await scene().hurry({ headersMs: 3000, handshakeMs: 3000 });
    const before = process.memoryUsage().rss;
    const ends = await Promise.all(
      stages.map(async ([where, begin]) => {
        const sockets = await Promise.all(Array.from({ length: 40 }, () => open()));
        const closed = sockets.map((socket) => once(socket.resume(), 'close'));
        await Promise.all(sockets.map(async (socket) => begin(socket)));
        return { where, sockets, closed };
      }),
    );
    for (const { where, sockets } of ends) {
      const stillOpen = sockets.filter(({ closed }) => !closed);
      expect(stillOpen, where).toHaveLength(40);
    }
    expect(await isServed()).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB);
    // Both limits in sequence, plus the interval at which Node checks for late connections.
    const late = once(AbortSignal.timeout(9000), 'abort').then(() => 'late');
    for (const { where, closed } of ends) {
      expect(await Promise.race([Promise.all(closed), late]), where).not.toBe('late');
    }
    expect(await isServed()).toBe(true);
  });
});
