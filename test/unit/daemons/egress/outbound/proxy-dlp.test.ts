import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type DlpRequest, dlpScene, TOKEN } from '../../../../support/egress/dlp-scene.ts';

const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const scene = dlpScene();
const { start, send } = scene;

it('a request that the scan blocks does not use up a grant', async () => {
  await start({ dlp: { outbound_on_match: 'block' }, max_uses: 1 });
  for (let count = 0; count < 3; count += 1) {
    expect((await send({ body: KEY })).headers['x-bot-bottle-reason']).toBe('secret-found');
  }
  expect((await send({ body: 'harmless' })).status).toBe(200);
});

describe('samples in a conversation', () => {
  const SAMPLES = `see AKIAIOSFODNN7EXAMPLE and postgres://user:password@localhost/db`;
  const dlp = { outbound_on_match: 'block', outbound_low_risk: 'pass' } as const;

  it.each([
    ['short', SAMPLES],
    ['long, which another thread scans', `${'lorem ipsum '.repeat(20_000)}${SAMPLES}`],
  ])('pass where the route lets low risk out: %s', async (_length, body) => {
    await start({ dlp });
    expect((await send({ body })).status).toBe(200);
    expect((await send({ body: `${body} ${KEY}` })).headers['x-bot-bottle-reason']).toBe('secret-found');
    expect((await send({ body: `${body} ${TOKEN}` })).headers['x-bot-bottle-reason']).toBe('secret-found');
  });
});

describe('secrets in requests', () => {
  it.each<[string, DlpRequest]>([
    ['in the body', { body: `{"key":"${KEY}"}` }],
    ['at the end of 4 MiB', { body: `${'lorem ipsum '.repeat(350_000)}${KEY}` }],
    ['in the path', { path: `/${KEY}` }],
    ['in the query', { path: `/?a=${Buffer.from(KEY).toString('base64')}` }],
    ['in a header', { headers: { 'x-note': KEY } }],
    ['that is the injected token itself', { body: `x${TOKEN}x` }],
    ['in gzip', { body: gzipSync(KEY), headers: { 'content-encoding': 'gzip' } }],
    ['in deflate', { body: deflateSync(KEY), headers: { 'content-encoding': 'deflate' } }],
    ['in brotli', { body: brotliCompressSync(KEY), headers: { 'content-encoding': 'br' } }],
    ['in zstd', { body: zstdCompressSync(KEY), headers: { 'content-encoding': 'zstd' } }],
    ['in gzip in gzip', { body: gzipSync(gzipSync(KEY)), headers: { 'content-encoding': 'gzip, gzip' } }],
  ])('egress blocks a secret, and the upstream sees nothing: %s', async (_name, sent) => {
    await start({ dlp: { outbound_on_match: 'block' } });
    const reply = await send(sent);
    expect(reply.status).toBe(403);
    expect(reply.headers['x-bot-bottle-reason']).toBe('secret-found');
    expect(scene.upstream.seen).toEqual([]);
    const told = JSON.stringify([reply, scene.egress.log]);
    expect(told).not.toContain(KEY);
    expect(told).not.toContain(TOKEN);
  });

  it.each<[string, DlpRequest]>([
    ['an unknown encoding', { body: 'x', headers: { 'content-encoding': 'lzma' } }],
    ['a body that is not in its stated encoding', { body: 'x', headers: { 'content-encoding': 'gzip' } }],
    [
      'a decompression bomb',
      { body: gzipSync(Buffer.alloc(80 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } },
    ],
    [
      'a small Brotli bomb',
      { body: brotliCompressSync(Buffer.alloc(40 * 1024 * 1024)), headers: { 'content-encoding': 'br' } },
    ],
    [
      'a small zstd bomb',
      { body: zstdCompressSync(Buffer.alloc(40 * 1024 * 1024)), headers: { 'content-encoding': 'zstd' } },
    ],
    ['a file that is a small zstd bomb', { body: zstdCompressSync(Buffer.alloc(40 * 1024 * 1024)) }],
  ])('a secret cannot hide in %s', async (_name, sent) => {
    await start({});
    expect((await send(sent)).headers['x-bot-bottle-reason']).toBe('body-unscannable');
    expect(scene.upstream.seen).toEqual([]);
  });

  it('what deflate makes a thousand times smaller is scanned, and passes', async () => {
    await start({});
    const sent = { body: gzipSync(Buffer.alloc(30 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } };
    expect((await send(sent)).status).toBe(200);
  });

  it.each<[string, () => string | Buffer]>([
    ['body', () => `${'lorem ipsum '.repeat(900_000)}${KEY}`],
    [
      'compressed file',
      () => gzipSync(Buffer.concat([randomBytes(9 * 1024 * 1024), Buffer.from(KEY.repeat(9))])),
    ],
  ])('egress cuts off a long %s when it finds a secret late', async (_what, body) => {
    await start({ handle: (request) => void request.resume(), dlp: { outbound_on_match: 'block' } });
    const reply = await send({ body: body() });
    expect(reply).toMatchObject({ status: 403 });
    const found = { verdict: 'deny', reason: 'secret-found', status: 403, secrets: ['aws-access-key'] };
    await expect.poll(() => scene.egress.log).toMatchObject([found]);
  });

  it('egress redacts a secret if the route says so, and the rest arrives', async () => {
    await start({ dlp: { outbound_on_match: 'redact' } });
    const reply = await send({
      path: `/?k=${KEY}`,
      body: `{"a":"${KEY}","b":"é"}`,
      headers: { 'x-note': KEY },
    });
    expect(reply).toMatchObject({ status: 200, body: '{"a":"REDACTED-aws-access-key","b":"é"}' });
    expect(JSON.stringify(scene.upstream.seen)).not.toContain(KEY);
  });

  it('egress blocks a secret that it cannot redact', async () => {
    await start({ dlp: { outbound_on_match: 'redact' } });
    expect((await send({ body: Buffer.from(KEY).toString('hex') })).status).toBe(403);
    expect(scene.upstream.seen).toEqual([]);
  });

  it('egress blocks a request if redaction reveals another secret, even in a long body', async () => {
    await start({ dlp: { outbound_on_match: 'redact' } });
    const other = 'AKIAZ4QX7KPM2WZL9RTV';
    const body = JSON.stringify({
      pad: 'lorem '.repeat(50_000),
      k: KEY,
      a: other.slice(0, 9),
      b: other.slice(9),
    });
    expect((await send({ body })).status).toBe(403);
    expect(scene.upstream.seen).toEqual([]);
  });

  it('egress does not redact a path if the route would not admit the result', async () => {
    await start({
      dlp: { outbound_on_match: 'redact' },
      matches: [{ paths: [{ type: 'regex', value: '/[A-Z0-9]+' }] }],
    });
    expect((await send({ path: `/${KEY}` })).status).toBe(403);
    expect(scene.upstream.seen).toEqual([]);
  });

  it('egress blocks a secret with an explanation if no supervisor is attached', async () => {
    await start({});
    const reply = await send({ body: KEY });
    expect(reply.status).toBe(403);
    expect(reply.body).toContain('no supervisor is attached');
  });

  it('a secret passes if the operator turned scanning off', async () => {
    await start({ dlp: { outbound_detectors: [] } });
    expect(await send({ body: KEY })).toMatchObject({ status: 200, body: KEY });
  });
});
