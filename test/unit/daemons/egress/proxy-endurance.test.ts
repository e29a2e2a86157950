import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connectVia, fetchVia, openTunnel } from '../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../support/egress/proxy-scene.ts';
import { startUpstream } from '../../../support/egress/upstream.ts';

const scene = proxyScene();

describe('agents that hang up', () => {
  const stages: [string, () => Promise<Socket>][] = [
    ['at once', async () => dial('')],
    ['in the middle of CONNECT', async () => dial('CONNECT api.exam')],
    ['right after CONNECT', async () => dial(`CONNECT ${HOST}:${scene().upstream.port} HTTP/1.1\r\n\r\n`)],
    [
      'instead of a handshake',
      async () => (await connectVia(scene().egress.port, `${HOST}:${scene().upstream.port}`)).socket,
    ],
    [
      'after half a handshake',
      async () => dial(`CONNECT ${HOST}:${scene().upstream.port} HTTP/1.1\r\n\r\n\x16\x03\x01`),
    ],
    ['after a refusal', async () => dial('CONNECT evil.org:443 HTTP/1.1\r\n\r\n')],
    ['after garbage', async () => dial('\0\xff\r\n\r\n')],
  ];

  async function dial(text: string): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: scene().egress.port });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(text, 'latin1');
    return socket;
  }

  it.each(stages)('an agent that hangs up %s does not disturb the next one', async (_when, open) => {
    for (const waitMs of [0, 5, 30]) {
      const socket = await open();
      await sleep(waitMs);
      socket.resetAndDestroy();
    }
    expect((await fetchVia(scene().tunnel())).status).toBe(200);
  });
});

describe('time limits', () => {
  it('egress closes a tunnel in which no TLS handshake arrives in time', async () => {
    await scene().hurry({ handshakeMs: 100 });
    const { socket } = await connectVia(scene().egress.port, `${HOST}:${scene().upstream.port}`);
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(3000) });
    await expect.poll(() => scene().egress.log).toMatchObject([{ reason: 'tls-failed' }]);
  });

  it('egress closes a connection whose headers trickle in, even inside a tunnel', async () => {
    await scene().hurry({ headersMs: 200 });
    const socket = await openTunnel(scene().tunnel());
    socket.write('GET / HTTP/1.1\r\nHost:');
    const trickle = setInterval(() => socket.write('x'), 50);
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(4000) }).finally(() => clearInterval(trickle));
    expect(scene().upstream.seen).toEqual([]);
  });

  it('egress gives up on an upstream that never responds', async () => {
    const silent = await startUpstream(await scene().world.leaf(HOST), () => {});
    await scene().hurry({ idleMs: 300 }, silent.port);
    const reply = await fetchVia({ ...scene().tunnel(silent.port) });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([504, 'upstream-timeout']);
    await expect.poll(() => scene().egress.log.at(-1), { timeout: 3000 }).toMatchObject({ verdict: 'fail' });
    await silent.close();
  });

  it('an upstream may take longer to respond than an unused connection is kept', async () => {
    const slow = await startUpstream(await scene().world.leaf(HOST), (_request, response) => {
      setTimeout(() => response.end('thought'), 400);
    });
    await scene().hurry({ upstreamKeepAliveMs: 100 }, slow.port);
    expect((await fetchVia({ ...scene().tunnel(slow.port) })).body).toBe('thought');
    await slow.close();
  });
});
