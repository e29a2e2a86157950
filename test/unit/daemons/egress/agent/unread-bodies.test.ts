import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openTunnel, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';
import { startUpstream, type Upstream } from '../../../../support/egress/upstream.ts';

const KEY = ' AKIAQ7XKPM2WZL9RTVBN ';
const MEGABYTE = 1024 * 1024;
const prose = Buffer.alloc(10 * MEGABYTE, 'lorem ipsum ');
const scene = proxyScene();

const routeTo = ({ port }: Upstream) =>
  ({ host: HOST, port, private: true, dlp: { outbound_on_match: 'block' } }) as const;

it('no unscanned part of a streamed request body leaves', async () => {
  let body = Buffer.alloc(0);
  const upstream = await startUpstream(await scene().world.leaf(HOST), (request) => {
    request.on('error', () => {});
    request.on('data', (chunk) => {
      body = Buffer.concat([body, chunk]).subarray(-MEGABYTE);
    });
  });
  scene().egress.setRoutes([routeTo(upstream)]);
  // Around the end of the held part, around the borders of windows, and at the end.
  for (const at of [8 * MEGABYTE - 100, 8 * MEGABYTE + 10, 9 * MEGABYTE + 1000, prose.length]) {
    body = Buffer.alloc(0);
    const socket = await openTunnel(scene().tunnel(upstream.port));
    const headers = { host: `${HOST}:${upstream.port}`, 'transfer-encoding': 'chunked' };
    const request = requestOn(socket, { method: 'PUT', headers });
    request.end(Buffer.concat([prose.subarray(0, at), Buffer.from(KEY), prose.subarray(at)]));
    expect((await replyOf(request)).headers['x-bot-bottle-reason'], `at ${at}`).toBe('secret-found');
    expect(body.includes(KEY.trim()), `at ${at}`).toBe(false);
    socket.destroy();
  }
  await upstream.close();
});

describe('connections after unread bodies', () => {
  it.each<[string, string, Buffer, string]>([
    ['that was refused', '', Buffer.concat([Buffer.from(KEY), prose]), '403 200'],
    ['that was cut off late', '', Buffer.concat([prose, Buffer.from(KEY)]), '403 200'],
    ['that the upstream did not want', '', prose, '413 200'],
    ['whose route was changed meanwhile', '', prose, '403 200'],
    ['that cannot be scanned', 'Content-Encoding: gzip\r\n', prose, '403 200'],
  ])('a connection stays usable after a long body %s', async (what, line, body, statuses) => {
    const upstream = await startUpstream(await scene().world.leaf(HOST), (request, response) => {
      if (what.includes('did not want') && request.url === '/long') return void response.writeHead(413).end();
      request.resume().once('end', () => response.end());
    });
    const route = routeTo(upstream);
    scene().egress.setRoutes([route]);
    const socket = await openTunnel(scene().tunnel(upstream.port));
    const host = `Host: ${HOST}:${upstream.port}\r\n`;
    let told = '';
    socket.on('data', (chunk) => {
      told += String(chunk);
    });
    socket.write(`PUT /long HTTP/1.1\r\n${host}${line}Content-Length: ${body.length}\r\n\r\n`);
    if (what.includes('changed')) {
      // By then, the old route has admitted the request.
      await sleep(100);
      scene().egress.setRoutes([{ ...route, matches: [{ methods: ['GET'] }] }]);
    }
    socket.write(body);
    socket.write(`GET /next HTTP/1.1\r\n${host}\r\n`);
    const seen = () => [...told.matchAll(/HTTP\/1\.1 ([0-9]{3}) /g)].map((match) => match[1]).join(' ');
    await expect.poll(seen, { timeout: 10_000 }).toBe(statuses);
    socket.destroy();
    await upstream.close();
  });
});

describe('bodies found unscannable late', () => {
  // More small files than are looked into in one body.
  const files = Buffer.concat(Array.from({ length: 5000 }, () => gzipSync('x')));

  it.each([
    ['of announced length', (length: number) => ({ 'content-length': String(length) })],
    ['in chunks', () => ({ 'transfer-encoding': 'chunked' })],
  ])('egress breaks off a body found unscannable late and tells the agent: %s', async (_how, framing) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<string>();
    const upstream = await startUpstream(await scene().world.leaf(HOST), (request) => {
      request.resume().once('close', () => end(request.complete ? 'whole' : 'broken off'));
    });
    scene().egress.setRoutes([routeTo(upstream)]);
    const socket = await openTunnel(scene().tunnel(upstream.port));
    const headers = { host: `${HOST}:${upstream.port}`, ...framing(prose.length + files.length) };
    const request = requestOn(socket, { method: 'PUT', headers });
    request.end(Buffer.concat([prose, files]));
    const reply = await replyOf(request);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([403, 'body-unscannable']);
    expect(reply.body).toContain('more compressed files than can be looked into');
    expect(await ended).toBe('broken off');
    socket.destroy();
    await expect
      .poll(() => scene().egress.log)
      .toMatchObject([{ verdict: 'deny', reason: 'body-unscannable', status: 403 }]);
    await upstream.close();
  });
});
