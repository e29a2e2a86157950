import { once } from 'node:events';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { ABUSE_BUDGET, MAX_STREAMS } from '../../../../../lib/daemons/egress/http/http2-limits.ts';
import { openTunnel, type TunnelOptions } from '../../../../support/egress/agent.ts';
import { fetchOn, openSession } from '../../../../support/egress/h2-agent.ts';
import {
  block,
  FLAG,
  FRAME,
  type Frame,
  frame,
  headersFrame,
  type Line,
  number32,
  PREFACE,
  readFrames,
} from '../../../../support/egress/h2-frames.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';

const scene = proxyScene();
const sockets: TLSSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Opens a session for writing HTTP/2 frames by hand. */
async function rawSession(
  options: Partial<TunnelOptions> = {},
): Promise<{ socket: TLSSocket; frames: Frame[] }> {
  const socket = await openTunnel({ ...scene().tunnel(), alpn: ['h2'], ...options });
  sockets.push(socket);
  const frames = readFrames(socket);
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), frame(FRAME.settings, FLAG.ack, 0)]));
  return { socket, frames };
}

const request = (changes: Partial<Record<string, string | undefined>> = {}): Line[] =>
  Object.entries({
    ':method': 'GET',
    ':scheme': 'https',
    ':authority': scene().tunnel().target,
    ':path': '/',
    ...changes,
  }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));

/** Sends one request on a session of its own; returns its fate in a few words. */
async function fateOf(lines: readonly Line[], options: Partial<TunnelOptions> = {}): Promise<string> {
  const { egress, upstream } = scene();
  const { socket, frames } = await rawSession(options);
  socket.write(headersFrame(1, lines));
  const isOver = ({ type }: Frame) => type === FRAME.headers || type === FRAME.reset || type === FRAME.goaway;
  while (!frames.some(isOver)) await once(socket, 'data');
  socket.destroy();
  const reset = frames.find(({ type }) => type === FRAME.reset)?.payload.readUInt32BE(0);
  const passed = upstream.seen.splice(0).map(({ headers }) => `passed${'x-a' in headers ? ' with it' : ''}`);
  const refused = egress.log.splice(0).flatMap(({ reason }) => reason ?? []);
  return [...passed, ...refused, ...(reset === undefined ? [] : [`reset ${reset}`])].join(' ');
}

type Case = [fate: string, changes: Record<string, string | undefined>, options?: Partial<TunnelOptions>];

/** Checks the fates of many named requests. */
async function expectFates(cases: Record<string, Case>): Promise<void> {
  const expected: Record<string, string> = {};
  const found: Record<string, string> = {};
  for (const [name, [fate, changes, options]] of Object.entries(cases)) {
    expected[name] = fate;
    found[name] = await fateOf(request(changes), options);
  }
  expect(found).toEqual(expected);
}

/** RST_STREAM with PROTOCOL_ERROR, sent by nghttp2 before our code sees the request. */
const MALFORMED = 'reset 1';

it('an HTTP/2 request that names two hosts is refused, however it names them', async () => {
  const other = 'open.example.com';
  await expectFates({
    'the tunnel itself': ['passed', {}],
    'both, alike': ['passed', { host: scene().tunnel().target }],
    'only host': ['passed', { ':authority': undefined, host: scene().tunnel().target }],
    'another :authority': ['host-mismatch', { ':authority': other }],
    'another host': ['host-mismatch', { host: other }],
    'another host without :authority': ['host-mismatch', { ':authority': undefined, host: other }],
    'another port': ['host-mismatch', { ':authority': `${HOST}:444` }],
    'user information': [MALFORMED, { ':authority': `${other}@${scene().tunnel().target}` }],
    'another server name': ['host-mismatch', {}, { serverName: other }],
    'no host at all': [MALFORMED, { ':authority': undefined }],
    'plain text as the scheme': ['host-mismatch', { ':scheme': 'http' }],
    'a URL as the path': [MALFORMED, { ':path': `https://${other}/` }],
    'a URL of the tunnel itself as the path': [MALFORMED, { ':path': `https://${HOST}/` }],
    'no path': [MALFORMED, { ':path': undefined }],
    'two readings of the path': ['path-ambiguous', { ':path': '/a/%2e%2e/b' }],
  });
});

it('HTTP/2 headers that would be framing or a second request in HTTP/1.1 never pass', async () => {
  const smuggled = 'GET /admin HTTP/1.1\r\nhost: api.example.com\r\n\r\n';
  await expectFates({
    // nghttp2 drops such a header; without it, the rest of the request is harmless.
    'line breaks in a value': ['passed', { 'x-a': `b\r\n\r\n${smuggled}` }],
    'a line feed in a value': ['passed', { 'x-a': 'b\ntransfer-encoding: chunked' }],
    'NUL in a value': ['passed', { 'x-a': 'b\0' }],
    'a line break in a name': ['passed', { 'x-a\r\nx-b': 'c' }],
    'a colon in a name': ['passed', { 'transfer-encoding: chunked': 'c' }],
    'line breaks in the path': [MALFORMED, { ':path': `/ HTTP/1.1\r\n\r\n${smuggled}` }],
    'a space in the path': [MALFORMED, { ':path': '/ HTTP/1.1' }],
    'line breaks in :authority': [MALFORMED, { ':authority': `${HOST}\r\nx: y` }],
    'line breaks in the method': [MALFORMED, { ':method': `GET / HTTP/1.1\r\n\r\n${smuggled}` }],
    'transfer-encoding': [MALFORMED, { 'transfer-encoding': 'chunked' }],
    connection: [MALFORMED, { connection: 'close' }],
    'keep-alive': [MALFORMED, { 'keep-alive': 'timeout=1' }],
    'proxy-connection': [MALFORMED, { 'proxy-connection': 'close' }],
    upgrade: [MALFORMED, { upgrade: 'websocket' }],
    'te other than trailers': [MALFORMED, { te: 'chunked' }],
    'upper case in a name': [MALFORMED, { 'X-A': 'b' }],
    'an unknown pseudo-header': [MALFORMED, { ':x': 'b' }],
    'a length without a body': [MALFORMED, { 'content-length': '5' }],
    'an invalid length': [MALFORMED, { 'content-length': '5, 5' }],
    CONNECT: ['method-refused', { ':method': 'CONNECT', ':path': undefined, ':scheme': undefined }],
    'extended CONNECT to no WebSocket': [
      'upgrade-refused',
      { ':method': 'CONNECT', ':protocol': 'connect-udp' },
    ],
    'a protocol without CONNECT': [MALFORMED, { ':protocol': 'websocket' }],
    TRACE: ['method-refused', { ':method': 'TRACE' }],
    'an unknown Expect': ['expectation-refused', { expect: 'x-200-ok' }],
    'a plain header': ['passed with it', { 'x-a': 'b' }],
  });
});

it('an HTTP/2 request with a repeated or misplaced pseudo-header is malformed', async () => {
  const [method, ...others] = request();
  if (method === undefined) throw new Error('no lines');
  expect(await fateOf([method, ...request()])).toBe(MALFORMED);
  expect(await fateOf([...request(), [':path', '/admin']])).toBe(MALFORMED);
  expect(await fateOf([...request(), [':authority', 'evil.org']])).toBe(MALFORMED);
  expect(await fateOf([...others, ['x-a', 'b'], method])).toBe(MALFORMED);
});

it('an HTTP/2 body of the wrong length breaks off, and none of it becomes a request', async () => {
  for (const [length, body] of [
    ['5', 'abc'],
    ['3', 'abcGET /admin HTTP/1.1\r\n\r\n'],
  ] as const) {
    const { socket } = await rawSession();
    socket.write(headersFrame(1, request({ ':method': 'POST', 'content-length': length }), false));
    socket.write(frame(FRAME.data, FLAG.endStream, 1, Buffer.from(body)));
    await expect.poll(() => scene().egress.log.map(({ reason }) => reason)).toEqual(['client-gone']);
    scene().egress.log.length = 0;
  }
  expect(scene().upstream.seen).toEqual([]);
});

describe('HTTP/2 floods', () => {
  const closed = async (socket: TLSSocket) => {
    if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
  };
  const many = (count: number, make: (stream: number) => Buffer) =>
    Buffer.concat(Array.from({ length: count }, (_, index) => make(2 * index + 1)));
  const reset = (stream: number) => frame(FRAME.reset, 0, stream, number32(8));

  it('requests that are reset at once never reach the upstream and end the connection', async () => {
    const { socket } = await rawSession();
    socket.write(many(2000, (stream) => Buffer.concat([headersFrame(stream, request()), reset(stream)])));
    await closed(socket);
    // A few may get through, if the network delivers their resets later.
    expect(scene().upstream.seen.length).toBeLessThan(5);
    expect(scene().egress.log.length).toBeLessThan(300);
  });

  it('requests that are reset a moment later also end the connection', async () => {
    const { socket } = await rawSession();
    const flood = async () => {
      for (let stream = 1; stream < 4000 && !socket.destroyed; stream += 2) {
        socket.write(headersFrame(stream, request()));
        await new Promise(setImmediate);
        socket.write(reset(stream));
      }
    };
    const startedAt = performance.now();
    await Promise.all([flood(), closed(socket)]);
    const seconds = (performance.now() - startedAt) / 1000;
    // On a slow machine, some get a response before their reset, which is harmless.
    const givenUp = scene().egress.log.filter(({ verdict }) => verdict !== 'allow');
    expect(givenUp.length).toBeLessThan(
      ABUSE_BUDGET.burst + ABUSE_BUDGET.perSecond * seconds + 2 * MAX_STREAMS,
    );
  });

  it.each<[string, () => Buffer]>([
    ['PING', () => many(5000, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))],
    ['SETTINGS', () => many(5000, () => frame(FRAME.settings, 0, 0))],
    ['streams', () => many(400, (stream) => headersFrame(stream, request({ ':method': 'POST' }), false))],
    [
      'CONTINUATION',
      () =>
        Buffer.concat([
          frame(FRAME.headers, 0, 1, block(request())),
          many(1000, () => frame(FRAME.continuation, 0, 1)),
        ]),
    ],
  ])('a flood of %s ends the connection, and nothing goes upstream', async (_what, flood) => {
    const { socket } = await rawSession();
    socket.write(flood());
    await closed(socket);
    expect(scene().upstream.seen).toEqual([]);
  });

  it('an HPACK bomb is refused, even before the client has acknowledged the limit', async () => {
    // One table entry of 3000 bytes, then one byte for each further reference to it.
    const entry = Buffer.concat([Buffer.from([0x40]), block([['x', 'a'.repeat(3000)]]).subarray(1)]);
    const bomb = (times: number) => Buffer.concat([block(request()), entry, Buffer.alloc(times, 0xbe)]);
    for (const isAcknowledged of [true, false]) {
      const socket = await openTunnel({ ...scene().tunnel(), alpn: ['h2'] });
      sockets.push(socket);
      const frames = readFrames(socket);
      socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0)]));
      if (isAcknowledged) socket.write(frame(FRAME.settings, FLAG.ack, 0));
      socket.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, bomb(12_000)));
      socket.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 3, bomb(60)));
      const answered = () => new Set(frames.filter(({ stream }) => stream > 0).map(({ stream }) => stream));
      while (answered().size < 2) await once(socket, 'data');
    }
    expect(scene().upstream.seen).toEqual([]);
    expect(scene().egress.log).toMatchObject([{ reason: 'headers-too-long', status: 431 }]);
  });

  it('requests beyond the capacity of egress are refused unprocessed, on any connection', async () => {
    const post = request({ ':method': 'POST' });
    const all: Frame[][] = [];
    for (let connection = 0; connection < 9; connection += 1) {
      const { socket, frames } = await rawSession();
      all.push(frames);
      // The bodies never arrive: each request is held, and none goes upstream.
      for (let stream = 1; stream < 256; stream += 2) socket.write(headersFrame(stream, post, false));
    }
    const refused = () => all.map((frames) => frames.filter(({ type }) => type === FRAME.reset).length);
    await expect.poll(() => refused().reduce((sum, one) => sum + one), { timeout: 10_000 }).toBe(128);
    const codes = all
      .flat()
      .flatMap(({ type, payload }) => (type === FRAME.reset ? payload.readUInt32BE(0) : []));
    expect(new Set(codes)).toEqual(new Set([7]));
  });

  it('egress limits the number of headers of an HTTP/2 request', async () => {
    const session = await openSession(scene().tunnel());
    const lines = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'a']));
    expect((await fetchOn(session, lines(180))).status).toBe(200);
    expect((await fetchOn(session, lines(202))).headers['x-bot-bottle-reason']).toBe('headers-too-many');
    await expect(fetchOn(session, lines(400))).rejects.toThrow(/ENHANCE_YOUR_CALM/);
    expect((await fetchOn(session)).status).toBe(200);
    session.destroy();
  });
});

it('egress closes a session that is silent, stalls within its headers, or is idle', async () => {
  await scene().hurry({ headersMs: 300, keepAliveMs: 600 });
  const { socket: silent } = await rawSession();
  await once(silent, 'close');
  const { socket: halfway } = await rawSession();
  halfway.write(frame(FRAME.headers, FLAG.endStream, 1, block(request())));
  await once(halfway, 'close');
  const { socket: idle, frames } = await rawSession();
  idle.write(headersFrame(1, request()));
  while (!frames.some(({ type }) => type === FRAME.headers)) await once(idle, 'data');
  await once(idle, 'close');
});

it('one address opens at most half of all connections', async () => {
  const open = Array.from({ length: 520 }, () => connect(scene().egress.port, '127.0.0.1'));
  for (const socket of open) socket.on('error', () => {}).resume();
  await expect.poll(() => open.filter(({ destroyed }) => destroyed).length, { timeout: 10_000 }).toBe(8);
  for (const socket of open) socket.destroy();
});
