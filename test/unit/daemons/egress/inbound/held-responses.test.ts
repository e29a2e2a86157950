import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchVia, openTunnel, requestOn } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';
import { startUpstream, type Upstream } from '../../../../support/egress/upstream.ts';

const MIB = 1024 * 1024;
const scene = proxyScene();
const sockets: TLSSocket[] = [];
let upstream: Upstream;
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await upstream.close();
});

const whole = `{"text":"${'lorem ipsum '.repeat((7 * MIB) / 12)}"}`;
const packed = gzipSync(whole);

/** 7 MiB that are small as gzip; on other paths, a short response in two parts. */
const handle: RequestListener = (request, response) => {
  if (request.url === '/packed') {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': packed.length,
    });
    return void response.end(packed);
  }
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 });
  response.write('{');
  setTimeout(() => response.end('}'), 20);
};

async function start(): Promise<void> {
  upstream = await startUpstream(await scene().world.leaf(HOST), handle);
  scene().egress.setRoutes(scene().routes(upstream.port));
}

/** Sends a request and reads only the head of its response. */
async function askWithoutReading(path: string): Promise<IncomingMessage> {
  const tunnel = scene().tunnel(upstream.port);
  const socket = await openTunnel(tunnel);
  sockets.push(socket);
  const request = requestOn(socket, { path, headers: { host: tunnel.target, 'accept-encoding': 'gzip' } });
  request.end();
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no response');
  return response;
}

describe('responses held for scanning', () => {
  it('held responses stay within their memory limit, however slowly the agent reads', async () => {
    await start();
    const answers = await Promise.all(Array.from({ length: 30 }, () => askWithoutReading('/packed')));
    const given = answers.filter(({ statusCode }) => statusCode === 200);
    const refused = answers.filter(({ statusCode }) => statusCode === 502);
    // The limit is 160 MiB for all.
    expect(given.length).toBeGreaterThan(10);
    expect(given.length).toBeLessThan(24);
    expect(refused).toHaveLength(30 - given.length);
    for (const { headers } of refused) expect(headers['x-bot-bottle-reason']).toBe('response-unscannable');

    // A short response needs none of it.
    expect(await fetchVia({ ...scene().tunnel(upstream.port), path: '/' })).toMatchObject({ body: '{}' });
    for (const socket of sockets.splice(0)) socket.destroy();
    await expect
      .poll(async () => (await fetchVia({ ...scene().tunnel(upstream.port), path: '/packed' })).status)
      .toBe(200);
  });

  it('held responses release their memory once they are read', async () => {
    await start();
    const tunnel = scene().tunnel(upstream.port);
    const socket = await openTunnel(tunnel);
    sockets.push(socket);
    for (let count = 0; count < 24; count += 1) {
      const request = requestOn(socket, { path: '/packed', headers: { host: tunnel.target } });
      request.end();
      const [response]: IncomingMessage[] = await once(request, 'response');
      response?.resume();
      expect(response?.statusCode).toBe(200);
      if (response?.complete !== true) await once(request, 'close');
    }
  });
});
