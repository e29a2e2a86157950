import { request } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchVia, replyOf } from '../../../support/egress/agent.ts';
import { type EgressFixture, startEgress } from '../../../support/egress/egress.ts';
import { HOST, proxyScene } from '../../../support/egress/proxy-scene.ts';
import { started } from '../../../support/egress/started.ts';
import { startUpstream, type Upstream } from '../../../support/egress/upstream.ts';
import { openWebSocket, startSocketUpstream } from '../../../support/egress/web-socket.ts';

/** With characters that a query needs escaped. */
const TOKEN = 'q8/Zr+T1vXw0&yB7=Kd2Lm==';
const ENCODED = encodeURIComponent(TOKEN);
/** Detection would block it if it left. */
const MINE = 'AKIAQ7XKPM2WZL9RTVBN';

const scene = proxyScene();
let upstream: Upstream | undefined;
let egress: EgressFixture | undefined;

beforeEach(async () => {
  upstream = await startUpstream(await scene().world.leaf(HOST), ({ url = '' }, response) => {
    const key = new URL(url, 'http://upstream').searchParams.get('key');
    if (url.startsWith('/moved')) response.writeHead(302, { location: `https://other.example${url}` }).end();
    else response.end(`${url} ${key}`);
  });
  await route(upstream.port);
});
afterEach(async () => {
  await egress?.close();
  await upstream?.close();
});

async function route(port: number): Promise<void> {
  await egress?.close();
  egress = await startEgress({
    authority: scene().bottle,
    routes: [
      {
        host: HOST,
        port,
        private: true,
        auth: { query: 'key', slot: 'EGRESS_TOKEN_0' },
        matches: [
          { paths: [{ type: 'prefix', value: '/v1' }] },
          { paths: [{ type: 'exact', value: '/moved' }] },
        ],
      },
    ],
    environment: { EGRESS_TOKEN_0: TOKEN },
  });
}

const tunnel = (port = started(upstream).port) => ({
  ...scene().tunnel(port),
  proxyPort: started(egress).port,
});

it('egress sends its credential in the query, and the agent’s own is neither scanned nor sent', async () => {
  const path = `/v1/x?a=%zz&key=${MINE}&b=%E2%9C%93+y&k%65y=${MINE}`;
  const reply = await fetchVia({ ...tunnel(), path, headers: { authorization: `Bearer ${MINE}` } });
  expect(reply.status).toBe(200);
  expect(started(upstream).seen[0]?.url).toBe(`/v1/x?a=%zz&b=%E2%9C%93+y&key=${ENCODED}`);
  expect(JSON.stringify(started(upstream).seen)).not.toContain(MINE);
});

it('a secret in any other parameter is still found', async () => {
  const reply = await fetchVia({ ...tunnel(), path: `/v1/x?keys=${MINE}` });
  expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
  expect(started(upstream).seen).toEqual([]);
});

it('a response that repeats the URL or the credential has it overwritten', async () => {
  const { body } = await fetchVia({ ...tunnel(), path: '/v1/x?a=1' });
  expect(body).toMatch(/^\/v1\/x\?a=1&key=\*+ \*+$/);
  expect(body).toHaveLength(`/v1/x?a=1&key=${ENCODED} ${TOKEN}`.length);
});

it('a redirect that repeats the query has the credential overwritten', async () => {
  const { status, headers } = await fetchVia({ ...tunnel(), path: '/moved?a=1' });
  expect(status).toBe(302);
  expect(headers.location).toMatch(/^https:\/\/other\.example\/moved\?a=1&key=\*+$/);
});

it('the credential is not in the audit, in what egress says of itself, or in a failure', async () => {
  await fetchVia({ ...tunnel(), path: '/v1/x' });
  await fetchVia({ ...tunnel(), path: '/elsewhere?key=mine' });
  await started(upstream).close();
  const failed = await fetchVia({ ...tunnel(), path: '/v1/x' });
  expect(failed.status).toBe(502);
  const { port, log } = started(egress);
  const asked = request({ host: '127.0.0.1', port, path: 'http://_egress.local/allowlist' });
  asked.end();
  const told = await replyOf(asked);
  expect(JSON.parse(told.body).routes[0].auth).toEqual({ query: 'key', slot: 'EGRESS_TOKEN_0' });
  await expect.poll(() => log.length).toBe(3);
  const all = JSON.stringify([failed, told, log]);
  expect(log.map(({ path }) => path)).toEqual(['/v1/x', '/elsewhere', '/v1/x']);
  for (const form of [TOKEN, ENCODED, 'q8/Zr', 'q8%2F']) expect(all).not.toContain(form);
  upstream = undefined;
});

it('the request for a WebSocket gets the credential too', async () => {
  const sockets = await startSocketUpstream(await scene().world.leaf(HOST));
  await route(sockets.port);
  const socket = await openWebSocket(tunnel(sockets.port), { path: `/v1/socket?key=${MINE}` });
  expect(sockets.asked[0]?.url).toBe(`/v1/socket?key=${ENCODED}`);
  socket.terminate();
  await sockets.close();
});
