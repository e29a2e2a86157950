import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { PolicyFile } from '../../../../../lib/daemons/egress/policy/policy-file.ts';
import { listenForReload } from '../../../../../lib/daemons/shared/reload-socket.ts';
import { openTunnel, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { HOST, proxyScene, TOKEN } from '../../../../support/egress/proxy-scene.ts';
import { startUpstream } from '../../../../support/egress/upstream.ts';

const scene = proxyScene();

async function ask(path: string): Promise<unknown> {
  const request = httpRequest({
    host: '127.0.0.1',
    port: scene().egress.port,
    path: `http://_egress.local${path}`,
    headers: { host: '_egress.local' },
  });
  request.end();
  return JSON.parse((await replyOf(request)).body);
}

it('removing a route closes its open tunnels and leaves those of other routes', async () => {
  const { egress, tunnel, upstream, routes } = scene();
  const revoked = await openTunnel(tunnel());
  const kept = await openTunnel({ ...tunnel(), target: `open.example.com:${upstream.port}` });
  egress.setRoutes(routes(upstream.port).filter(({ host }) => host !== HOST));
  await once(revoked, 'close');
  await sleep(50);
  expect(kept.destroyed).toBe(false);
  kept.destroy();
});

it('removing a route ends its plain, pipelined and tunneled requests and audits them', async () => {
  const endless = await startUpstream(await scene().world.leaf(HOST), (_request, response) => {
    response.write('on and on');
  });
  const plain = await startUpstream(undefined, (_request, response) => response.write('on and on'));
  const { egress, tunnel } = scene();
  const there = { port: endless.port, private: true };
  const here = { host: 'open.example.com', port: plain.port, private: true };
  const other = { host: 'other.example.com', port: plain.port, private: true };
  egress.setRoutes([{ host: HOST, ...there }, here, other]);
  const tunneled = await openTunnel(tunnel(endless.port));
  tunneled.write(`GET /tunneled HTTP/1.1\r\nHost: ${HOST}:${endless.port}\r\n\r\n`);
  const pipelined = connect(egress.port, '127.0.0.1');
  for (const host of [`open.example.com:${plain.port}`, `other.example.com:${plain.port}`])
    pipelined.write(`GET http://${host}/plain HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await Promise.all([once(tunneled, 'data'), once(pipelined, 'data')]);
  await expect.poll(() => plain.seen.length).toBe(2);
  egress.setRoutes([other]);
  await Promise.all([once(tunneled, 'close'), once(pipelined, 'close')]);
  await expect.poll(() => egress.log.length).toBe(3);
  for (const entry of egress.log) expect(entry).toMatchObject({ verdict: 'deny', reason: 'route-revoked' });
  await endless.close();
  await plain.close();
});

it('removing one of two routes of a host ends its requests, and leaves the tunnels of the other', async () => {
  const endless = await startUpstream(await scene().world.leaf(HOST), (_request, response) => {
    response.write('on and on');
  });
  const { egress, tunnel } = scene();
  const there = { host: HOST, port: endless.port, private: true };
  const first = { ...there, matches: [{ paths: [{ type: 'prefix' as const, value: '/first' }] }] };
  egress.setRoutes([first, there]);
  const [ended, kept] = [await openTunnel(tunnel(endless.port)), await openTunnel(tunnel(endless.port))];
  ended.write(`GET /first HTTP/1.1\r\nHost: ${HOST}:${endless.port}\r\n\r\n`);
  kept.write(`GET /other HTTP/1.1\r\nHost: ${HOST}:${endless.port}\r\n\r\n`);
  await Promise.all([once(ended, 'data'), once(kept, 'data')]);
  egress.setRoutes([there]);
  await once(ended, 'close');
  expect(kept.destroyed).toBe(false);
  await expect.poll(() => egress.log).toMatchObject([{ path: '/first', reason: 'route-revoked' }]);
  kept.destroy();
  await endless.close();
});

it.each<[string, object, string]>([
  ['no longer lets it out', { matches: [{ methods: ['GET'] }] }, 'request-unmatched'],
  ['lets it out otherwise', { auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } }, 'route-changed'],
])('a request that is still being scanned does not leave by a route that %s', async (_how, now, reason) => {
  const { egress, tunnel, upstream } = scene();
  const before = { host: HOST, port: upstream.port, private: true };
  egress.setRoutes([before]);
  const socket = await openTunnel(tunnel());
  const request = requestOn(socket, {
    method: 'POST',
    headers: { host: tunnel().target, 'content-length': '8' },
  });
  const replied = replyOf(request);
  request.write('one ');
  await sleep(50);
  egress.setRoutes([{ ...before, ...now }]);
  request.end('two ');
  expect((await replied).headers['x-bot-bottle-reason']).toBe(reason);
  expect(upstream.seen).toEqual([]);
  socket.destroy();
});

it('changing other routes leaves a request in progress alone', async () => {
  const { egress, tunnel, upstream, routes } = scene();
  const socket = await openTunnel(tunnel());
  const request = requestOn(socket, { method: 'POST', headers: { host: tunnel().target } });
  request.write('one ');
  egress.setRoutes([...routes(upstream.port), { host: 'new.example.com' }]);
  request.end('two');
  expect((await replyOf(request)).body).toBe('one two');
  socket.destroy();
});

it('a tunnel closes when its grant expires', async () => {
  const { egress, tunnel, upstream } = scene();
  const expires_at = new Date(Date.now() + 600).toISOString();
  egress.setRoutes([{ host: HOST, port: upstream.port, private: true, expires_at }]);
  const socket = await openTunnel(tunnel());
  await once(socket, 'close');
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires_at));
});

it('the agent can read the routes in force, without tokens', async () => {
  const { upstream, routes } = scene();
  const answer = await ask('/allowlist');
  expect(answer).toEqual({ generation: 1, routes: routes(upstream.port) });
  expect(JSON.stringify(answer)).not.toContain(TOKEN);
});

it('the agent can ask why a URL is refused, and egress looks up no name for that', async () => {
  const { egress, upstream } = scene();
  const why = (url: string) => ask(`/why?url=${encodeURIComponent(url)}`);
  expect(await why(`https://${HOST}:${upstream.port}/x`)).toEqual({ allowed: true, rule: HOST });
  expect(await why('https://evil.example/')).toMatchObject({
    allowed: false,
    code: 'host-unlisted',
    rule: null,
  });
  expect(await why(`https://${HOST}:${upstream.port}/a/../b`)).toMatchObject({ code: 'path-ambiguous' });
  expect(await why(`https://${HOST}/`)).toMatchObject({ code: 'port-refused' });
  expect(await why('http://2130706433/')).toMatchObject({ code: 'host-invalid' });
  expect(await ask('/nothing')).toHaveProperty('error');
  expect(egress.lookedUp).toEqual([]);
});

it('a reload over the control socket returns the generation in force', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'reload-'));
  const file = join(directory, 'routes.yaml');
  const policy = new PolicyFile(file, new Set());
  const server = await listenForReload(join(directory, 'sock'), () => policy.reload());
  const reload = async () => JSON.parse(await text(connect(join(directory, 'sock'))));
  await writeFile(file, 'version: 1\nroutes: [{host: a.example}]\n');
  expect(await reload()).toEqual({ ok: true, generation: 1, routes: 2 });
  await writeFile(file, 'version: 1\nroutes: [{host: "*"}]\n');
  expect(await reload()).toMatchObject({
    ok: false,
    generation: 1,
    error: expect.stringContaining(':2: routes[0].host'),
  });
  server.close();
  await rm(directory, { recursive: true });
});
