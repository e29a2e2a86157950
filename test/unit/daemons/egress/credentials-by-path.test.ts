import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Route } from '../../../../lib/daemons/contract/egress/routes.ts';
import { fetchVia, openTunnel, replyOf, requestOn } from '../../../support/egress/agent.ts';
import { type EgressFixture, startEgress } from '../../../support/egress/egress.ts';
import { fetchOn, openSession } from '../../../support/egress/h2-agent.ts';
import { HOST, proxyScene } from '../../../support/egress/proxy-scene.ts';
import { started } from '../../../support/egress/started.ts';
import { startUpstream, type Upstream } from '../../../support/egress/upstream.ts';
import { nextMessage, startSocketUpstream, webSocketVia } from '../../../support/egress/web-socket.ts';

const FIRST = 'tok-first-3c1f0a97d2';
const SECOND = 'tok-second-77aa01be';

const scene = proxyScene();
let upstream: Upstream | undefined;
let egress: EgressFixture | undefined;

/** One credential in a header below /one, another in the query below /two, and none elsewhere. */
const routes = (port: number): Route[] => {
  const there = { host: HOST, port, private: true };
  const under = (value: string) => [{ paths: [{ type: 'prefix' as const, value }] }];
  return [
    { ...there, matches: under('/one'), auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    { ...there, matches: under('/two'), auth: { query: 'key', slot: 'EGRESS_TOKEN_1' } },
    there,
  ];
};

async function serve(port: number): Promise<void> {
  await egress?.close();
  egress = await startEgress({
    authority: scene().bottle,
    routes: routes(port),
    environment: { EGRESS_TOKEN_0: FIRST, EGRESS_TOKEN_1: SECOND },
  });
}

beforeEach(async () => {
  // An upstream that tells everyone what it was sent last.
  let last = '';
  upstream = await startUpstream(await scene().world.leaf(HOST), ({ url, headers }, response) => {
    const told = last;
    last = `${url} ${headers.authorization}`;
    response.setHeader('x-last', told);
    response.end(told);
  });
  await serve(upstream.port);
});
afterEach(async () => {
  await egress?.close();
  await upstream?.close();
});

const tunnel = (port = started(upstream).port) => ({
  ...scene().tunnel(port),
  proxyPort: started(egress).port,
});

it('each path gets its own credential, on one connection of the agent', async () => {
  const socket = await openTunnel(tunnel());
  for (const path of ['/one', '/two?a=1', '/three?key=mine', '/one/more?key=mine']) {
    const request = requestOn(socket, { path, headers: { host: tunnel().target } });
    request.end();
    expect((await replyOf(request)).status).toBe(200);
  }
  socket.destroy();
  expect(started(upstream).seen.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ['/one', `Bearer ${FIRST}`],
    [`/two?a=1&key=${SECOND}`, undefined],
    ['/three?key=mine', undefined],
    ['/one/more?key=mine', `Bearer ${FIRST}`],
  ]);
});

it('streams of one HTTP/2 session get the credentials of their own paths', async () => {
  const session = await openSession(tunnel());
  await Promise.all(['/one', '/two', '/three'].map((path) => fetchOn(session, { ':path': path })));
  session.destroy();
  const seen = started(upstream).seen.map(({ url, headers }) => `${url} ${headers.authorization}`);
  expect(seen.sort()).toEqual([`/one Bearer ${FIRST}`, '/three undefined', `/two?key=${SECOND} undefined`]);
});

it.each([
  ['/one', '/two'],
  ['/two', '/one'],
  ['/one', '/three'],
  ['/two', '/three'],
])('the credential that %s was sent does not come back through %s', async (sent, asked) => {
  await fetchVia({ ...tunnel(), path: sent });
  const { headers, body } = await fetchVia({ ...tunnel(), path: asked });
  expect(body).toContain('****');
  for (const token of [FIRST, SECOND]) expect(`${headers['x-last']} ${body}`).not.toContain(token);
});

it('a part of a response cannot be asked for on any path of a host that is sent a credential', async () => {
  await fetchVia({ ...tunnel(), path: '/three', headers: { range: 'bytes=0-3' } });
  expect(started(upstream).seen[0]?.headers).not.toHaveProperty('range');
});

it('a WebSocket gets the credential of its path, and none of the host’s comes back through it', async () => {
  const sockets = await startSocketUpstream(await scene().world.leaf(HOST));
  sockets.behave({ connected: (socket) => socket.send(`${FIRST} ${SECOND}`) });
  await serve(sockets.port);
  const socket = await webSocketVia(tunnel(sockets.port), { path: '/two' });
  const message = nextMessage(socket);
  await once(socket, 'open');
  expect(sockets.asked[0]?.url).toBe(`/two?key=${SECOND}`);
  expect(sockets.asked[0]?.headers).not.toHaveProperty('authorization');
  expect(await message).toMatch(/^\*+ \*+$/);
  socket.terminate();
  await sockets.close();
});
