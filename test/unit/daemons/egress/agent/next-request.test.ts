import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openTunnel } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';
import { startUpstream, type Upstream } from '../../../../support/egress/upstream.ts';

const PLAIN = 'open.example.com';
const scene = proxyScene();

/** More than a connection takes at once, and more than one TLS record. */
const LONG = 4 * 1024 * 1024;
const SHORT = 16 * 1024;
/** Bodies of many lengths, so that TLS records end at many offsets. */
const BODIES = Array.from({ length: 20 }, (_, turn) => 'abcdefgh'.repeat(7_500 - 100 * turn));

let upstream: Upstream;
/** Bodies that reached the upstream. */
let bodies: string[];
afterEach(() => upstream.close());

/**
 * Starts an upstream that responds to GET `/N` with N bytes. Returns a connection to the proxy and functions
 * that write requests for it.
 */
async function ask(
  isSecure: boolean,
): Promise<{ socket: Socket; get(bytes: number): string; post(body: string): string }> {
  bodies = [];
  upstream = await startUpstream(
    isSecure ? await scene().world.leaf(HOST) : undefined,
    (request, response) => {
      const got: Buffer[] = [];
      request.on('data', (chunk: Buffer) => got.push(chunk));
      request.once('end', () => {
        if (request.method === 'POST') bodies.push(Buffer.concat(got).toString());
        response.writeHead(200, { 'content-type': 'image/png' });
        response.end(request.method === 'POST' ? 'ok' : Buffer.alloc(Number(request.url?.slice(1)), 'long '));
      });
    },
  );
  const name = isSecure ? HOST : PLAIN;
  scene().egress.setRoutes([{ host: name, port: upstream.port, private: true }]);
  const target = `${name}:${upstream.port}`;
  const base = isSecure ? '' : `http://${target}`;
  const socket = isSecure
    ? await openTunnel(scene().tunnel(upstream.port))
    : connect(scene().egress.port, '127.0.0.1');
  return {
    socket,
    get: (bytes) => `GET ${base}/${bytes} HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    post: (body) =>
      `POST ${base}/ HTTP/1.1\r\nHost: ${target}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  };
}

/** Reads until the upstream has received all bodies. */
async function readUntilArrived(socket: Socket, expected: readonly string[]): Promise<void> {
  let isClosed = false;
  socket.once('close', () => {
    isClosed = true;
  });
  socket.resume();
  await expect
    .poll(() => isClosed || bodies.length === expected.length, { timeout: 10_000, interval: 20 })
    .toBe(true);
  expect(isClosed).toBe(false);
  expect(new Set(bodies)).toEqual(new Set(expected));
  socket.destroy();
}

describe.each([
  ['in a tunnel', true],
  ['on the proxy port itself', false],
])('requests %s behind unread responses', (_where, isSecure) => {
  it.each([
    ['a long response', LONG, 1],
    ['many short responses', SHORT, 20],
  ])('a request behind unread responses is read completely: after %s', async (_what, bytes, times) => {
    const { socket, get, post } = await ask(isSecure);
    for (const body of BODIES) socket.write(get(bytes).repeat(times) + post(body));
    await readUntilArrived(socket, BODIES);
  });

  it('a request is read completely if its rest arrives after the previous response left', async () => {
    const { socket, get, post } = await ask(isSecure);
    socket.write(get(LONG));
    await once(socket, 'readable');
    const whole = post(BODIES[0] ?? '');
    socket.write(whole.slice(0, 1000));
    await sleep(100);
    socket.resume();
    await sleep(200);
    socket.write(whole.slice(1000));
    await readUntilArrived(socket, BODIES.slice(0, 1));
  });
});
