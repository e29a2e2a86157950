import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { PackedFile } from '../../../../../lib/daemons/detection/decode/packed-file.ts';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { proxyScene } from '../../../../support/egress/proxy-scene.ts';

const MIB = 1024 * 1024;
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const scene = proxyScene();

async function post(body: Buffer, headers: Record<string, string>): Promise<Reply> {
  const tunnel = scene().tunnel();
  const socket = await openTunnel(tunnel);
  const request = requestOn(socket, { method: 'POST', headers: { host: tunnel.target, ...headers } });
  request.end(body);
  const reply = await replyOf(request);
  socket.destroy();
  return reply;
}

/** Some noise, without which a small body may not unpack to so much, and then `bytes` of text. */
const text = (bytes: number, words: string) =>
  Buffer.concat([randomBytes(Math.ceil(bytes / 1_000)), Buffer.alloc(bytes, words)]);

/** Some KB that unpack to 60 MiB, all of which the decoder has to keep. */
const kept = zstdCompressSync(text(60 * MIB, 'lorem ipsum '), {
  params: { [constants.ZSTD_c_windowLog]: 27 },
});

it('memory that decoders keep for stalled uploads counts toward the limit for held bodies', async () => {
  const tunnel = scene().tunnel();
  const replies: Reply[] = [];
  const sockets = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const socket = await openTunnel(tunnel);
      const headers = { host: tunnel.target, 'transfer-encoding': 'chunked' };
      const request = requestOn(socket, { method: 'POST', headers });
      request.write(kept.subarray(0, -1));
      replyOf(request).then(
        (reply) => replies.push(reply),
        () => {},
      );
      return socket;
    }),
  );
  // The limit of 160 MiB fits two of these files.
  await expect.poll(() => replies.length, { timeout: 30_000 }).toBe(2);
  await sleep(200);
  expect(replies).toHaveLength(2);
  for (const { headers, body } of replies) {
    expect(headers['x-bot-bottle-reason']).toBe('body-unscannable');
    expect(body).toContain('too many other bodies are held');
  }
  for (const socket of sockets) socket.destroy();
  await expect.poll(async () => (await post(kept, {})).status, { timeout: 20_000 }).toBe(200);
  expect(scene().upstream.seen).toHaveLength(1);
}, 60_000);

it('egress refuses a compressed body with a window over 8 MiB, which HTTP forbids (RFC 9659)', async () => {
  const reply = await post(kept, { 'content-encoding': 'zstd' });
  expect(reply.headers['x-bot-bottle-reason']).toBe('body-unscannable');
  expect((await post(zstdCompressSync(text(20 * MIB, 'a b ')), { 'content-encoding': 'zstd' })).status).toBe(
    200,
  );
}, 20_000);

it('egress breaks off a body if any layer unpacks to too much, even if the next is empty', async () => {
  // Empty deflate blocks: a few bytes of brotli unpack to hundreds of megabytes of them.
  const nothing = Buffer.alloc(100 * MIB, Buffer.from([0, 0, 0, 0xff, 0xff]));
  const empty = gzipSync('');
  const inner = Buffer.concat([empty.subarray(0, 10), nothing, empty.subarray(10)]);
  const reply = await post(brotliCompressSync(inner, FAST), { 'content-encoding': 'gzip, br' });
  expect(reply.headers['x-bot-bottle-reason']).toBe('body-unscannable');
  expect(reply.body).toContain('unpacks to more than');
  expect(scene().upstream.seen).toEqual([]);
}, 20_000);

it('PackedFile never holds all that a few bytes unpack to', async () => {
  const file = new PackedFile('zstd');
  let total = 0;
  for await (const { unpacked } of file.feed(kept)) {
    const given = unpacked.reduce((sum, { length }) => sum + length, 0);
    expect(given).toBeLessThan(MIB);
    total += given;
  }
  expect(total).toBe(60 * MIB + Math.ceil((60 * MIB) / 1_000));
  file.close();
});
