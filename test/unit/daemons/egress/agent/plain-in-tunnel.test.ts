import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { ProxyAgent, fetch as undiciFetch } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectVia, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { started } from '../../../../support/egress/started.ts';
import { startUpstream, type Upstream } from '../../../../support/egress/upstream.ts';

const run = promisify(execFile);
const OPEN = 'open.example.com';
const SECURE_ONLY = 'secure.example.com';
const WITH_TOKEN = 'api.example.com';

let upstream: Upstream | undefined;
let egress: EgressFixture | undefined;

beforeEach(async () => {
  upstream = await startUpstream(undefined, (request, response) => {
    response.end(`${request.method} ${request.url}`);
  });
  const { port } = upstream;
  egress = await startEgress({
    authority: testAuthority('the bottle CA'),
    routes: [
      { host: OPEN, port, private: true, matches: [{ paths: [{ type: 'prefix', value: '/open' }] }] },
      { host: SECURE_ONLY, private: true },
      { host: WITH_TOKEN, port, private: true, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    ],
    environment: { EGRESS_TOKEN_0: 'tok-3c1f0a97d2' },
  });
});
afterEach(async () => {
  await egress?.close();
  await upstream?.close();
});

const port = () => started(upstream).port;

/** Sends a request in plain HTTP through a CONNECT to the authority. */
async function ask(authority: string, path: string, headers: Record<string, string> = {}) {
  const { status, socket } = await connectVia(started(egress).port, authority);
  expect(status).toBe(200);
  const request = requestOn(socket, { path, headers: { host: authority, ...headers } });
  request.end();
  const reply = await replyOf(request);
  socket.destroy();
  return { status: reply.status, body: reply.body, reason: reply.headers['x-bot-bottle-reason'] };
}

it('curl and undici get a page through a tunnel with plain HTTP in it', async () => {
  const proxy = `http://127.0.0.1:${started(egress).port}`;
  const url = `http://${OPEN}:${port()}/open?q=1`;
  const { stdout } = await run('curl', ['--silent', '--proxytunnel', '--proxy', proxy, url]);
  expect(stdout).toBe('GET /open?q=1');
  const dispatcher = new ProxyAgent({ uri: proxy, proxyTunnel: true });
  expect(await (await undiciFetch(url, { dispatcher, method: 'POST', body: 'x' })).text()).toBe(
    'POST /open?q=1',
  );
  await dispatcher.close();
});

it('several requests in one such tunnel are judged one by one', async () => {
  const { socket } = await connectVia(started(egress).port, `${OPEN}:${port()}`);
  const host = `Host: ${OPEN}:${port()}\r\n`;
  socket.write(`GET /open/1 HTTP/1.1\r\n${host}\r\nGET /closed HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
  const answers = await text(socket);
  expect(answers).toContain('GET /open/1');
  expect(answers).toMatch(/HTTP\/1\.1 403 request-unmatched: /);
  expect(started(upstream).seen.map(({ url }) => url)).toEqual(['/open/1']);
});

it('plain HTTP at a port for HTTPS is refused in words', async () => {
  const reply = await ask(`${SECURE_ONLY}:443`, '/');
  expect(reply).toMatchObject({ status: 403, reason: 'port-refused' });
  expect(reply.body).toContain('is for HTTPS, and this was plain HTTP');
});

it('plain HTTP to a host with a token is refused in words, and never sent', async () => {
  const reply = await ask(`${WITH_TOKEN}:${port()}`, '/');
  expect(reply).toMatchObject({ status: 403, reason: 'plaintext-refused' });
  expect(started(upstream).seen).toEqual([]);
});

it.each([
  ['in Host', '/open', { host: 'other.example.com' }],
  ['in its URL', `http://${SECURE_ONLY}/open`, { host: SECURE_ONLY }],
])('a request that names another host %s than its tunnel goes nowhere', async (_where, path, headers) => {
  expect(await ask(`${OPEN}:${port()}`, path, headers)).toMatchObject({
    status: 421,
    reason: 'host-mismatch',
  });
  expect(started(upstream).seen).toEqual([]);
});

it('a CONNECT inside such a tunnel is refused', async () => {
  const { socket } = await connectVia(started(egress).port, `${OPEN}:${port()}`);
  socket.write(`CONNECT ${OPEN}:${port()} HTTP/1.1\r\nHost: ${OPEN}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1\.1 405 method-refused: /);
  socket.destroy();
});

it('a CONNECT to port 80 is accepted where plain HTTP is open, and TLS in it is refused in words', async () => {
  const reply = await ask(`${SECURE_ONLY}:80`, '/');
  // Nothing listens there: what counts is that it was tried.
  expect(reply).toMatchObject({ status: 502, reason: 'upstream-failed' });
  const refused = await connectVia(started(egress).port, `${WITH_TOKEN}:80`);
  expect(refused.status).toBe(403);
  refused.socket.destroy();
});
