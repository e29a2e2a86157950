import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ContentScanner } from '../../../../lib/daemons/detection/content-scanner.ts';
import { knownSecretFinder } from '../../../../lib/daemons/detection/rules/known-secrets.ts';
import type { ScanScope } from '../../../../lib/daemons/detection/scan-text.ts';
import { MemoryBudget } from '../../../../lib/daemons/shared/memory-budget.ts';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../support/egress/agent.ts';
import { proxyScene } from '../../../support/egress/proxy-scene.ts';

const scene = proxyScene();
const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
// Compressible, so that no part of it is readable in the compressed file.
const SECRETS = Buffer.from(`[profile]\nregion = eu-1\nkey = ${KEY}\n`.repeat(40));
const HARMLESS = Buffer.from('nothing to see here, and a line of it is like the other\n'.repeat(40));

/** A ZIP archive of one file, as `zip -` writes it; the central directory, which comes last, is left out. */
function zip(content: Buffer, name = 'notes.txt', extra = 0): Buffer {
  const packed = deflateRawSync(content);
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(packed.length, 18);
  header.writeUInt32LE(content.length, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(extra, 28);
  return Buffer.concat([header, Buffer.from(name), Buffer.alloc(extra), packed, Buffer.from('PK\x01\x02')]);
}

/** Gzip with a name, a comment, an extra field and a header checksum. */
function gzipWithAll(content: Buffer): Buffer {
  const plain = gzipSync(content);
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = 2 | 4 | 8 | 16;
  const more = Buffer.from('\x03\x00abcname.txt\x00a comment\x00??', 'latin1');
  return Buffer.concat([head, more, plain.subarray(10)]);
}

function part(content: Buffer): Buffer {
  const head = '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n';
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n--b--\r\n')]);
}

async function send(chunks: readonly Buffer[], type = 'application/octet-stream'): Promise<Reply> {
  const options = scene().tunnel();
  const socket = await openTunnel(options);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const headers = { host: options.target, 'content-type': type, 'content-length': String(length) };
  const request = requestOn(socket, { method: 'POST', path: '/up', headers });
  const replied = replyOf(request);
  for (const chunk of chunks) {
    request.write(chunk);
    if (chunks.length > 1) await sleep(5);
  }
  request.end();
  const reply = await replied;
  socket.destroy();
  return reply;
}

describe('a compressed file in a body that does not declare one', () => {
  it.each<[string, (content: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['gzip with all that its header can have', gzipWithAll],
    ['zlib', deflateSync],
    ['zstd', zstdCompressSync],
    ['ZIP', zip],
    ['ZIP, the second file', (content) => Buffer.concat([zip(HARMLESS), zip(content, 'b', 300)])],
    ['gzip in ZIP', (content) => zip(gzipSync(content))],
    ['gzip behind another', (content) => Buffer.concat([gzipSync(HARMLESS), gzipSync(content)])],
    ['gzip that is cut off', (content) => gzipSync(content).subarray(0, -12)],
    ['gzip after false signatures', (content) => Buffer.concat([BEGINNINGS, gzipSync(content)])],
  ])('finds a secret in an undeclared compressed file: %s', async (_format, pack) => {
    for (const body of [pack(SECRETS), part(pack(SECRETS))]) {
      const reply = await send([body]);
      expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
    }
    expect(scene().upstream.seen).toEqual([]);
    expect((await send([pack(HARMLESS)])).status).toBe(200);
  });

  it('finds a secret in a compressed file wherever the body is split', async () => {
    const body = part(zip(SECRETS));
    const border = body.indexOf('PK');
    for (const at of [border + 1, border + 3, border + 17, border + 35]) {
      const reply = await send([body.subarray(0, at), body.subarray(at)]);
      expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
    }
  });

  it('forwards a harmless body with a compressed file unchanged', async () => {
    const body = part(gzipSync(randomBytes(300_000)));
    expect((await send([body])).status).toBe(200);
    expect(scene().upstream.seen).toMatchObject([{ headers: { 'content-length': String(body.length) } }]);
  });

  it.each<[string, Buffer]>([
    ['that end at once', Buffer.from([0x1f, 0x8b, 8, 0])],
    ['whose header never ends', Buffer.from([0x1f, 0x8b, 8, 8])],
    ['of archives', Buffer.from('PK\x03\x04')],
    ['that are not packed at all', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0])],
  ])('refuses a body full of file beginnings %s', async (_what, beginning) => {
    const reply = await send([Buffer.alloc(1024 * 1024, beginning)]);
    expect(reply.headers['x-bot-bottle-reason']).toBe('body-unscannable');
    expect((await send([HARMLESS])).status).toBe(200);
  });
});

const BEGINNINGS = Buffer.concat([
  Buffer.from([0x1f, 0x8b, 8, 0]),
  Buffer.from('PK\x03\x04'),
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
  Buffer.from('\r\n\r\nx\x9c'),
]);

describe('the content of a compressed file', () => {
  const scannerFor = (detectors: ScanScope['detectors']) =>
    new ContentScanner({ detectors, findKnown: knownSecretFinder([]) }, new MemoryBudget());

  it('reports secrets in a compressed file as impossible to cut out', async () => {
    const scanner = scannerFor(new Set(['token_patterns']));
    const findings = [...(await scanner.push(zip(SECRETS))), ...(await scanner.end())];
    expect(findings).toContainEqual({ type: 'aws-access-key', value: KEY, inPlainSight: false });
    expect(findings.some(({ inPlainSight }) => inPlainSight)).toBe(false);
  });

  it('finds a secret in a compressed file wherever the chunk border is', async () => {
    for (const packed of [gzipSync(SECRETS), deflateSync(SECRETS), zip(SECRETS), zstdCompressSync(SECRETS)]) {
      const body = Buffer.concat([Buffer.from('--part\r\nx: y\r\n\r\n'), packed]);
      for (let at = 1; at < 30; at += 1) {
        const scanner = scannerFor(new Set(['token_patterns']));
        const pushed = [await scanner.push(body.subarray(0, at)), await scanner.push(body.subarray(at))];
        expect([...pushed.flat(), ...(await scanner.end())].length, `at ${at}`).toBeGreaterThan(0);
        scanner.close();
      }
    }
  });

  it('limits the unpacked size of compressed files, even nested ones', async () => {
    // With some noise, since a small body may not unpack to so much.
    const noise = randomBytes(128 * 1024);
    const megabytes = (count: number) =>
      Buffer.concat([noise, Buffer.alloc(count * 1024 * 1024, 'a line of a log\n')]);
    const pack = (count: number) => zip(gzipSync(megabytes(count)));
    expect(await scannerFor(new Set()).push(pack(60))).toEqual([]);
    await expect(scannerFor(new Set()).push(pack(65))).rejects.toThrow('more compressed files than');
    await expect(scannerFor(new Set()).push(Buffer.concat([pack(33), pack(33)]))).rejects.toThrow();
  });
});
