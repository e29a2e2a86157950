import { once } from 'node:events';
import { type ClientHttp2Session, constants, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PING_MS } from '../../../../../lib/daemons/egress/http/http2-limits.ts';
import { DEADLINES, type Deadlines } from '../../../../../lib/daemons/egress/http/limits.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { fetchOn, openSession } from '../../../../support/egress/h2-agent.ts';
import { type H2Upstream, startH2Upstream } from '../../../../support/egress/h2-upstream.ts';
import { portOf } from '../../../../support/egress/upstream.ts';

const HOST = 'api.example.com';
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');
const closers: (() => unknown)[] = [];
let upstream: H2Upstream;
let egress: EgressFixture;

beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
});

interface Scene {
  readonly handle: (stream: ServerHttp2Stream) => void;
  readonly settings?: Parameters<typeof startH2Upstream>[2];
  readonly deadlines?: Partial<Deadlines>;
}

/** Starts an HTTP/2 upstream behind a relay that can be cut, and a session from the agent to it. */
async function start({ handle, settings, deadlines = {} }: Scene) {
  upstream = await startH2Upstream(await world.leaf(HOST), handle, settings);
  const cable = await cableTo(upstream.port);
  egress = await startEgress({
    authority: bottle,
    routes: [{ host: HOST, port: cable.port, private: true }],
    deadlines,
  });
  const target = `${HOST}:${cable.port}`;
  const session: ClientHttp2Session = await openSession({
    proxyPort: egress.port,
    target,
    ca: bottle.certificate,
  });
  closers.push(upstream.close, cable.close, egress.close, () => session.destroy());
  return { session, cable };
}

/** A TCP relay that can be cut without either end noticing. */
async function cableTo(port: number) {
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => {});
    }
    near.pipe(far).pipe(near);
    far.once('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    cut: () => {
      for (const end of ends) end.unpipe().pause();
    },
    close: () => {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}

describe('failing HTTP/2 upstreams', () => {
  it('egress detects a dead session by PING and sends the next request on another', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { session, cable } = await start({
      handle: (stream) => {
        if (upstream.sessions.length > 1) stream.respond({}, { endStream: true });
      },
      deadlines: { dialMs: 500 },
    });
    const waits = fetchOn(session);
    await expect.poll(() => upstream.seen.length).toBe(1);
    // Slow to respond, but alive: it acknowledges a PING.
    vi.advanceTimersByTime(PING_MS);
    await sleep(700);
    expect(upstream.sessions[0]?.destroyed).toBe(false);
    cable.cut();
    vi.advanceTimersByTime(PING_MS);
    expect(await waits).toMatchObject({ status: 502, headers: { 'x-bot-bottle-reason': 'upstream-failed' } });
    expect((await fetchOn(session)).status).toBe(200);
  });

  it('requests that start together open sessions up to the limit, and only the rest wait', async () => {
    const held: ServerHttp2Stream[] = [];
    const { session } = await start({
      handle: (stream) => void held.push(stream),
      settings: { settings: { maxConcurrentStreams: 1 } },
    });
    const replies = Array.from({ length: 10 }, () => fetchOn(session));
    await expect.poll(() => held.length).toBe(8);
    await sleep(100);
    expect(upstream.sessions).toHaveLength(8);
    // Requests beyond the limit wait for a stream to end.
    for (let ended = 0; ended < 10; ended += 1) {
      await expect.poll(() => held.length).toBeGreaterThan(0);
      held.shift()?.respond({}, { endStream: true });
    }
    const statuses = (await Promise.all(replies)).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 200));
  });

  it('egress does not retry a request that is refused after its response started', async () => {
    const { session } = await start({
      handle: (stream) => {
        stream.respond({});
        stream.write('half');
        setTimeout(() => stream.close(constants.NGHTTP2_REFUSED_STREAM), 50);
      },
    });
    await fetchOn(session).catch(() => {});
    await sleep(200);
    expect(upstream.seen).toHaveLength(1);
  });

  it('a request fails at once when the upstream hangs up before sending anything', async () => {
    const leaf = await world.leaf(HOST);
    const mute = createTlsServer({ ...leaf, ALPNProtocols: ['h2'] }, (socket) => {
      socket.on('error', () => {});
      setTimeout(() => socket.end(), 50);
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const port = portOf(mute);
    egress = await startEgress({ authority: bottle, routes: [{ host: HOST, port, private: true }] });
    const to = { proxyPort: egress.port, target: `${HOST}:${port}`, ca: bottle.certificate };
    const session = await openSession(to);
    closers.push(
      () => mute.close(),
      egress.close,
      () => session.destroy(),
    );
    const startedAt = performance.now();
    expect(await fetchOn(session)).toMatchObject({ status: 502 });
    expect(performance.now() - startedAt).toBeLessThan(DEADLINES.dialMs);
  });
});
