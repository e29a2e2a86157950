import { expect, it } from 'vitest';
import { openTunnel } from '../support/agent.ts';
import { HOST, proxyScene } from '../support/proxy-scene.ts';
import { startUpstream } from '../support/upstream.ts';

const scene = proxyScene();

/** More than a connection takes at once, and more than one record of TLS. */
const ANSWER = Buffer.alloc(4 * 1024 * 1024, 'long ');
const BODY = 'x'.repeat(60_000);

it('the next request may come while the end of a long answer is still on its way', async () => {
  const upstream = await startUpstream(await scene().world.leaf(HOST), (request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'image/png' }).end(request.method === 'GET' ? ANSWER : 'ok');
    });
  });
  scene().egress.setRoutes(scene().routes(upstream.port));
  const socket = await openTunnel(scene().tunnel(upstream.port));
  const host = `Host: ${HOST}:${upstream.port}\r\n`;
  const post = `POST / HTTP/1.1\r\n${host}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const turns = 20;
  for (let turn = 0; turn < turns; turn += 1) socket.write(`GET / HTTP/1.1\r\n${host}\r\n${post}`);
  let isClosed = false;
  socket.once('close', () => {
    isClosed = true;
  });
  socket.resume();
  await expect
    .poll(() => isClosed || upstream.seen.length === 2 * turns, { timeout: 10_000, interval: 20 })
    .toBe(true);
  expect(isClosed).toBe(false);
  socket.destroy();
  await upstream.close();
});
