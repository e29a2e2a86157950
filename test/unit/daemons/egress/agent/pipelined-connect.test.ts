import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchVia, openTunnel } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';
import { startUpstream, type Upstream } from '../../../../support/egress/upstream.ts';

const PLAIN = 'open.example.com';
const scene = proxyScene();
let slow: Upstream;
afterEach(() => slow.close());

/** Starts an upstream that responds after 100 ms, over plain HTTP or TLS. */
async function thinking(isSecure: boolean): Promise<void> {
  slow = await startUpstream(isSecure ? await scene().world.leaf(HOST) : undefined, (_request, response) => {
    setTimeout(() => response.end('thought'), 100);
  });
  scene().egress.setRoutes(
    [HOST, PLAIN].map((host) => ({
      host,
      port: isSecure === (host === HOST) ? slow.port : scene().upstream.port,
      private: true,
    })),
  );
}

/** Returns everything received on a socket until it closes or falls silent. */
async function allOn(socket: Socket): Promise<string> {
  let said = '';
  socket.on('data', (chunk) => {
    said += String(chunk);
  });
  socket.setTimeout(500, () => socket.destroy());
  if (!socket.closed) await once(socket, 'close');
  return said;
}

const refused = { method: 'CONNECT', verdict: 'deny', reason: 'method-refused' };

describe('pipelined CONNECT', () => {
  it('a CONNECT behind a pending request opens no tunnel', async () => {
    await thinking(false);
    const socket = connect(scene().egress.port, '127.0.0.1');
    const host = `${PLAIN}:${slow.port}`;
    const tunnel = `${HOST}:${scene().upstream.port}`;
    socket.write(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\nCONNECT ${tunnel} HTTP/1.1\r\n\r\n`);
    expect(await allOn(socket)).not.toMatch(/Established/);
    expect(scene().egress.log).toContainEqual(expect.objectContaining(refused));
  });

  it('a CONNECT inside a tunnel is not refused ahead of a pending response', async () => {
    await thinking(true);
    const socket = await openTunnel(scene().tunnel(slow.port));
    const host = `${HOST}:${slow.port}`;
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\nCONNECT ${host} HTTP/1.1\r\n\r\n`);
    expect(await allOn(socket)).not.toMatch(/^HTTP\/1.1 (?!200)/);
    expect(scene().egress.log).toContainEqual(expect.objectContaining(refused));
  });

  it('a CONNECT behind a pending request does not disturb other clients', async () => {
    await thinking(true);
    const other = fetchVia(scene().tunnel(slow.port));
    await sleep(20);
    const socket = connect(scene().egress.port, '127.0.0.1');
    socket.write(`GET http://${PLAIN}:1/ HTTP/1.1\r\n\r\nCONNECT ${HOST}:${slow.port} HTTP/1.1\r\n\r\n`);
    await allOn(socket);
    expect((await other).body).toBe('thought');
  });
});

it('a CONNECT after a finished request opens a tunnel on the same connection', async () => {
  await thinking(false);
  const socket = connect(scene().egress.port, '127.0.0.1');
  const host = `${PLAIN}:${slow.port}`;
  socket.write(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  let said = '';
  socket.on('data', (chunk) => {
    said += String(chunk);
  });
  await expect.poll(() => said).toMatch(/thought$|thought\r\n0/);
  socket.write(`CONNECT ${HOST}:${scene().upstream.port} HTTP/1.1\r\n\r\n`);
  await expect.poll(() => said).toMatch(/200 Connection Established\r\n\r\n$/);
  socket.destroy();
});
