import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { fetchVia, openTunnel, requestOn } from '../../../support/egress/agent.ts';
import { HOST, proxyScene } from '../../../support/egress/proxy-scene.ts';
import { startUpstream, type Upstream } from '../../../support/egress/upstream.ts';

const scene = proxyScene();
let upstream: Upstream | undefined;
afterEach(() => upstream?.close());

/** Every byte value, repeated, each time starting at another one. */
const bytesOf = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (index + Math.floor(index / 256)) % 256));

it.each([
  ['application/octet-stream', 1],
  ['application/octet-stream', 300],
  ['application/octet-stream', 16 * 1024],
  ['application/octet-stream', 16 * 1024 + 1],
  ['application/octet-stream', 64 * 1024 + 1],
  ['text/plain', 300],
  ['text/plain', 16 * 1024],
  ['text/plain', 100 * 1024],
])('a body of type %s and %i bytes passes unchanged in both directions', async (type, length) => {
  const sent = bytesOf(length);
  const got: Buffer[] = [];
  const echo: RequestListener = async (request, response) => {
    const body = await buffer(request);
    got.push(body);
    response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
  };
  upstream = await startUpstream(await scene().world.leaf(HOST), echo);
  scene().egress.setRoutes(scene().routes(upstream.port));
  const { target, ...tunnel } = scene().tunnel(upstream.port);
  const socket = await openTunnel({ target, ...tunnel });
  const request = requestOn(socket, {
    method: 'POST',
    headers: { host: target, 'content-type': type, 'content-length': String(length) },
  });
  request.end(sent);
  const [response]: IncomingMessage[] = await once(request, 'response');
  expect(response && sent.equals(await buffer(response))).toBe(true);
  expect(got.map((body) => sent.equals(body))).toEqual([true]);
  socket.destroy();
});

it.each(['/@scope%2fname', '/@scope%2Fname', '/api/v4/projects/group%2Fproject/issues?ref=a%2fb'])(
  'the encoded slash of %s reaches the upstream as it came',
  async (path) => {
    expect(await fetchVia({ ...scene().tunnel(), path })).toMatchObject({ status: 200 });
    expect(scene().upstream.seen.map(({ url }) => url)).toEqual([path]);
  },
);

it('the response to a path that is refused says what is wrong with it', async () => {
  const { status, body } = await fetchVia({ ...scene().tunnel(), path: '/a/..%2fb' });
  expect({ status, seen: scene().upstream.seen }).toEqual({ status: 400, seen: [] });
  expect(body).toContain('a dot segment beside an encoded slash');
});
