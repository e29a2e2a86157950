import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { fetchOn, openSession } from '../../../../support/egress/h2-agent.ts';
import { FRAME, frame, headersFrame, type Line, PREFACE } from '../../../../support/egress/h2-frames.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';

const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const scene = proxyScene();

interface Sent {
  readonly body?: Buffer | string;
  readonly headers?: Record<string, string>;
}

/** Sends a POST on a route that blocks findings. */
async function send({ body = '', headers = {} }: Sent): Promise<Reply> {
  const { port } = scene().upstream;
  scene().egress.setRoutes([{ host: HOST, port, private: true, dlp: { outbound_on_match: 'block' } }]);
  const socket = await openTunnel(scene().tunnel());
  const request = requestOn(socket, { method: 'POST', headers: { host: `${HOST}:${port}`, ...headers } });
  request.end(body);
  const reply = await replyOf(request);
  socket.destroy();
  return reply;
}

const reasonOf = ({ headers }: Reply) => headers['x-bot-bottle-reason'];

/** A gzip member with a comment in its header; RFC 1952, section 2.3. */
function gzipWithComment(comment: string): Buffer {
  const plain = gzipSync('harmless');
  const flagged = Buffer.from(plain.subarray(0, 10));
  flagged[3] = 16;
  return Buffer.concat([flagged, Buffer.from(`${comment}\0`), plain.subarray(10)]);
}

/** A frame that every zstd decoder skips; RFC 8878, section 3.1.2. */
function skippableFrame(content: string): Buffer {
  const head = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, Buffer.from(content), zstdCompressSync('harmless')]);
}

describe('secrets beside compressed data', () => {
  it('egress finds a secret in the comment of a gzip file', async () => {
    const reply = await send({ body: gzipWithComment(KEY), headers: { 'content-encoding': 'gzip' } });
    expect(reasonOf(reply)).toBe('secret-found');
    expect(scene().upstream.seen).toEqual([]);
  });

  it.each<[string, string, Buffer]>([
    ['brotli', 'br', Buffer.concat([brotliCompressSync('harmless'), brotliCompressSync(KEY)])],
    ['zstd', 'zstd', Buffer.concat([zstdCompressSync('harmless'), Buffer.from([1]), zstdCompressSync(KEY)])],
    ['a frame that zstd passes over', 'zstd', skippableFrame(KEY)],
    ['gzip', 'gzip', Buffer.concat([gzipSync('harmless'), Buffer.from([1]), gzipSync(KEY)])],
    [
      'an inner layer',
      'br, gzip',
      gzipSync(Buffer.concat([brotliCompressSync('harmless'), brotliCompressSync(KEY)])),
    ],
  ])('a secret cannot hide before or after compressed data: %s', async (_what, encoding, body) => {
    expect((await send({ body, headers: { 'content-encoding': encoding } })).status).toBe(403);
    expect(scene().upstream.seen).toEqual([]);
  });

  it('egress forwards harmless compressed bodies, in one part or in two', async () => {
    for (const body of [gzipSync('one'), Buffer.concat([gzipSync('one'), gzipSync('two')])]) {
      expect((await send({ body, headers: { 'content-encoding': 'gzip' } })).status).toBe(200);
    }
    const layers = { body: gzipSync(brotliCompressSync('one')), headers: { 'content-encoding': 'br, gzip' } };
    expect((await send(layers)).status).toBe(200);
  });
});

it('egress scans trailers that follow a short body', async () => {
  const { port } = scene().upstream;
  scene().egress.setRoutes([{ host: HOST, port, private: true, dlp: { outbound_on_match: 'block' } }]);
  const socket = await openTunnel({ ...scene().tunnel(), alpn: ['h2'] });
  const head: Line[] = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', `${HOST}:${port}`],
    [':path', '/'],
    ['content-length', '4'],
  ];
  const body = frame(FRAME.data, 0, 1, Buffer.from('body'));
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), headersFrame(1, head, false), body]));
  await sleep(1);
  socket.write(headersFrame(1, [['x-late', KEY]]));
  await expect.poll(() => scene().egress.log).toMatchObject([{ verdict: 'deny', reason: 'secret-found' }]);
  expect(scene().upstream.seen).toEqual([]);
  socket.destroy();
});

it('egress refuses an unknown method and withholds it if it is a secret', async () => {
  const session = await openSession(scene().tunnel());
  const reply = await fetchOn(session, { ':method': KEY, ':authority': scene().tunnel().target });
  expect(reply.status).toBe(405);
  expect(scene().upstream.seen).toEqual([]);
  await expect
    .poll(() => scene().egress.log)
    .toMatchObject([{ reason: 'method-refused', method: '[withheld]' }]);
  session.destroy();
});

it('egress refuses an encoding that is named like a JavaScript property', async () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const reply = await send({ body: 'x', headers: { 'content-encoding': name } });
    expect(reasonOf(reply)).toBe('body-unscannable');
  }
});
