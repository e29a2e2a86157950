import { once } from 'node:events';
import { constants, sensitiveHeaders } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { fetchVia, openTunnel } from '../../../../support/egress/agent.ts';
import { fetchOn, h2ReplyOf, streamOn } from '../../../../support/egress/h2-agent.ts';
import {
  FLAG,
  FRAME,
  frame,
  headersFrame,
  PREFACE,
  readFrames,
} from '../../../../support/egress/h2-frames.ts';
import { echo, h2Scene, TOKEN } from '../../../../support/egress/h2-scene.ts';

const scene = h2Scene();
const { start, tunnel } = scene;

describe('HTTP/2 requests to an HTTP/2 upstream', () => {
  it('an HTTP/2 request reaches an HTTP/2 upstream with the token, not agent credentials', async () => {
    const reply = await fetchOn(await start(), {
      ':path': '/v1/x?y',
      authorization: 'Bearer mine',
      te: 'trailers',
    });
    expect([reply.status, reply.headers['x-upstream']]).toEqual([200, 'yes']);
    expect(scene.upstream.seen).toHaveLength(1);
    expect(scene.upstream.seen[0]).toMatchObject({
      ':method': 'GET',
      ':scheme': 'https',
      ':authority': tunnel().target,
      ':path': '/v1/x?y',
      authorization: `Bearer ${TOKEN}`,
      te: 'trailers',
    });
    expect(scene.upstream.seen[0]).not.toHaveProperty('host');
  });

  it('an HTTP/2 request carries the credential in the header that the route names', async () => {
    const auth = { header: 'x-api-key', scheme: 'none' as const, slot: 'EGRESS_TOKEN_0' };
    const reply = await fetchOn(await start({ route: { auth } }), {
      'x-api-key': 'mine',
      authorization: 'Bearer mine',
    });
    expect(reply.status).toBe(200);
    expect(scene.upstream.seen[0]).toMatchObject({ 'x-api-key': TOKEN });
    expect(scene.upstream.seen[0]).not.toHaveProperty('authorization');
  });

  it('an HTTP/2 request carries the credential in the query that the route names', async () => {
    const auth = { query: 'key', slot: 'EGRESS_TOKEN_0' };
    const reply = await fetchOn(await start({ route: { auth } }), { ':path': '/x?key=mine&a=1' });
    expect(reply.status).toBe(200);
    expect(scene.upstream.seen[0]).toMatchObject({ ':path': `/x?a=1&key=${TOKEN}` });
    // Or it would be in the connection's compression table.
    expect(Reflect.get(scene.upstream.seen[0] ?? {}, sensitiveHeaders)).toContain(':path');
  });

  it('concurrent HTTP/2 requests share one upstream session', async () => {
    const many = await start();
    await Promise.all(Array.from({ length: 50 }, () => fetchOn(many)));
    expect(scene.upstream.seen).toHaveLength(50);
    expect(scene.upstream.sessions).toHaveLength(1);
  });

  it('egress opens up to 8 sessions to an upstream that limits streams, then queues requests', async () => {
    const many = await start({
      handle: (stream) => void setTimeout(() => stream.respond({}, { endStream: true }), 50),
      settings: { settings: { maxConcurrentStreams: 2 } },
    });
    await fetchOn(many);
    const replies = await Promise.all(Array.from({ length: 40 }, () => fetchOn(many)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    expect(scene.upstream.sessions.length).toBeGreaterThan(1);
    expect(scene.upstream.sessions.length).toBeLessThanOrEqual(8);
  });

  it('gRPC works: bytes both ways, trailers, and a trailers-only error', async () => {
    const grpc = await start({
      handle: (stream, headers) => {
        const type = { 'content-type': 'application/grpc' };
        if (headers[':path'] === '/svc/Fail') {
          return stream.respond({ ...type, 'grpc-status': '7' }, { endStream: true });
        }
        stream.respond(type, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-echo': TOKEN }));
        stream.pipe(stream);
      },
    });
    const call = (path: string) =>
      streamOn(grpc, {
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
    const good = call('/svc/Echo');
    good.end(Buffer.from([0, 0, 0, 0, 2, 8, 150]));
    const reply = await h2ReplyOf(good);
    expect(reply.trailers).toMatchObject({ 'grpc-status': '0', 'x-echo': '*'.repeat(TOKEN.length) });
    expect(reply.headers['content-type']).toBe('application/grpc');
    const bad = call('/svc/Fail');
    bad.end(Buffer.alloc(5));
    expect((await h2ReplyOf(bad)).headers['grpc-status']).toBe('7');
  });

  it('an HTTP/2 request streams both ways at once if bodies are not scanned', async () => {
    const both = await start({ route: { dlp: { outbound_detectors: [] } } });
    const stream = streamOn(both, { ':method': 'POST' });
    stream.write('one');
    await once(stream, 'response');
    expect(String((await once(stream, 'data'))[0])).toBe('one');
    stream.write('two');
    expect(String((await once(stream, 'data'))[0])).toBe('two');
    stream.end();
  });

  it('egress resets the upstream stream when the agent cancels a request mid-body', async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<string>();
    const open = await start({
      route: { dlp: { outbound_detectors: [] } },
      handle: (stream) => {
        stream.resume();
        stream.on('close', () => end(stream.aborted ? 'aborted' : 'complete'));
      },
    });
    const stream = streamOn(open, { ':method': 'POST' });
    stream.write('half');
    await expect.poll(() => scene.upstream.seen.length).toBe(1);
    stream.close(constants.NGHTTP2_NO_ERROR);
    expect(await ended).toBe('aborted');
  });
});

it('egress drops a request trailer that HTTP/2 forbids and sends the others', async () => {
  const got: unknown[] = [];
  await start({
    handle: (stream) => {
      stream.on('trailers', (trailers) => got.push(trailers['x-sum'], trailers['http2-settings']));
      echo(stream);
    },
  });
  const socket = await openTunnel({ ...tunnel(), alpn: ['h2'] });
  const frames = readFrames(socket);
  const request = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', tunnel().target],
    [':path', '/'],
  ] as const;
  socket.write(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0), headersFrame(1, request, false)]));
  socket.write(frame(FRAME.data, 0, 1, Buffer.from('hello')));
  socket.write(
    headersFrame(1, [
      ['x-sum', '1'],
      ['http2-settings', 'AAMAAABk'],
    ]),
  );
  while (!frames.some(({ type, flags }) => type === FRAME.data && flags === FLAG.endStream))
    await once(socket, 'data');
  socket.destroy();
  expect(got).toEqual(['1', undefined]);
});

it('an HTTP/1.1 request stays HTTP/1.1 even if the upstream supports HTTP/2', async () => {
  await start({ settings: { allowHTTP1: true } });
  expect((await fetchVia(tunnel())).body).toBe('by HTTP/1.1');
  expect(scene.upstream.seen).toEqual([]);
});

it('egress sends no HTTP/2 request to an upstream with a certificate for another name', async () => {
  const reply = await fetchOn(await start({ certificateFor: 'other.example.com' }));
  expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-untrusted']);
  expect(scene.upstream.seen).toEqual([]);
});

it('egress opens no HTTP/2 session to an upstream on a private address', async () => {
  const reply = await fetchOn(await start({ route: { private: false } }));
  expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'address-refused']);
  expect(scene.upstream.sessions).toEqual([]);
});
