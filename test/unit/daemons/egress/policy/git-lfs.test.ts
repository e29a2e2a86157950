import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../../../../lib/daemons/contract/egress/routes.ts';
import { openTunnel, type Reply, replyOf, requestOn } from '../../../../support/egress/agent.ts';
import { h2ReplyOf, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import { HOST, proxyScene } from '../../../../support/egress/proxy-scene.ts';

const scene = proxyScene();
const KEY = 'AKIAQ7XKPM2WZL9RTVBN';
const BATCH = '/o/r.git/info/lfs/objects/batch';
const TYPE = 'application/vnd.git-lfs+json';
const objects = [{ oid: '4665a5ea423c2713d436b5ee50593a9640e0018c1550b5a0002f74190d6caea8', size: 12 }];
const download = { operation: 'download', transfers: ['basic'], ref: { name: 'refs/heads/größe' }, objects };
const upload = { ...download, operation: 'upload' };

interface Sent {
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
}

function allowFetch(dlp: Route['dlp'] = {}): void {
  const { port } = scene().upstream;
  scene().egress.setRoutes([{ host: HOST, port, private: true, git: { fetch: true }, dlp }]);
}

async function post({ path = BATCH, headers = {}, body = '' }: Sent): Promise<Reply> {
  const { target, ...tunnel } = scene().tunnel();
  const socket = await openTunnel({ target, ...tunnel });
  const request = requestOn(socket, {
    method: 'POST',
    path,
    headers: { host: target, 'content-type': TYPE, ...headers },
  });
  request.end(body);
  const reply = await replyOf(request);
  socket.destroy();
  return reply;
}

describe.each<[string, Route['dlp']]>([
  ['that is scanned', {}],
  ['that is not scanned', { outbound_detectors: [] }],
])('Git LFS batch requests on a route %s', (_what, dlp) => {
  it.each<[string, Sent]>([
    ['as clients send it', { body: JSON.stringify(download) }],
    [
      'in chunks, and with a charset',
      {
        body: JSON.stringify(download, null, 2),
        headers: { 'content-type': `${TYPE}; charset=utf-8`, 'transfer-encoding': 'chunked' },
      },
    ],
    ['of 500 objects', { body: JSON.stringify({ ...download, objects: Array(500).fill(objects[0]) }) }],
  ])('egress forwards a Git LFS batch request for downloads: %s', async (_how, sent) => {
    allowFetch(dlp);
    expect(await post(sent)).toMatchObject({ status: 200, body: sent.body });
  });

  it.each<[string, Sent]>([
    ['uploads', { body: JSON.stringify(upload) }],
    ['uploads, in chunks', { body: JSON.stringify(upload), headers: { 'transfer-encoding': 'chunked' } }],
    [
      'uploads, compressed',
      { body: gzipSync(JSON.stringify(upload)), headers: { 'content-encoding': 'gzip' } },
    ],
    ['nothing', {}],
    ['a body that is not JSON', { body: 'operation=download' }],
    ['both, uploads first', { body: '{"operation":"upload","operation":"download","objects":[]}' }],
    ['both, in different case', { body: '{"operation":"download","Operation":"upload","objects":[]}' }],
    ['both, escaped', { body: '{"operation":"download","oper\\u0061tion":"upload","objects":[]}' }],
    [
      'one thing in the body, another in the query',
      { path: `${BATCH}?operation=upload`, body: JSON.stringify(download) },
    ],
    [
      'one thing as JSON, another as a form',
      {
        body: JSON.stringify({ ...download, ref: { name: '&operation=upload&' } }),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    ],
    [
      'more objects than any client sends',
      { body: JSON.stringify({ ...download, objects: Array(900).fill(objects[0]) }) },
    ],
  ])('egress refuses a Git LFS batch request that may ask for %s', async (_what, sent) => {
    allowFetch(dlp);
    const reply = await post(sent);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([403, 'git-push-refused']);
    expect(scene().upstream.seen).toEqual([]);
    await expect
      .poll(() => scene().egress.log)
      .toMatchObject([{ verdict: 'deny', reason: 'git-push-refused', rule: HOST }]);
  });
});

it('egress judges a Git LFS batch request over HTTP/2 by its body, too', async () => {
  allowFetch();
  const session = await openSession(scene().tunnel());
  const ask = (body: object) => {
    const stream = streamOn(session, { ':method': 'POST', ':path': BATCH, 'content-type': TYPE });
    stream.end(JSON.stringify(body));
    return h2ReplyOf(stream);
  };
  expect((await ask(download)).status).toBe(200);
  expect((await ask(upload)).headers['x-bot-bottle-reason']).toBe('git-push-refused');
  expect(scene().upstream.seen).toHaveLength(1);
  session.destroy();
});

it('egress judges a Git LFS batch request after redacting it', async () => {
  allowFetch({ outbound_on_match: 'redact' });
  expect((await post({ body: JSON.stringify({ ...upload, note: KEY }) })).status).toBe(403);
  expect((await post({ body: JSON.stringify({ ...download, note: KEY }) })).status).toBe(200);
  expect(scene().upstream.seen).toHaveLength(1);
});

it('a connection stays usable after a refused Git LFS batch request', async () => {
  allowFetch();
  const { target, ...tunnel } = scene().tunnel();
  const socket = await openTunnel({ target, ...tunnel });
  for (const [body, status] of [
    [JSON.stringify({ ...upload, objects: Array(900).fill(objects[0]) }), 403],
    [JSON.stringify(download), 200],
  ] as const) {
    const headers = { host: target, 'content-type': TYPE };
    const request = requestOn(socket, { method: 'POST', path: BATCH, headers });
    request.end(body);
    expect((await replyOf(request)).status).toBe(status);
  }
  socket.destroy();
});
