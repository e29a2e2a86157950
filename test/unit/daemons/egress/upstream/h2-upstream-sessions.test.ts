import { once } from 'node:events';
import { constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fetchOn, h2ReplyOf, streamOn } from '../../../../support/egress/h2-agent.ts';
import { h2Scene } from '../../../../support/egress/h2-scene.ts';

const scene = h2Scene();
const { start, tunnel } = scene;

describe('upstream HTTP/2 sessions', () => {
  it('egress opens a new session after GOAWAY and finishes the streams of the old one', async () => {
    let go = () => {};
    const open = await start({
      handle: (stream, headers) => {
        if (headers[':path'] !== '/slow') return stream.respond({}, { endStream: true });
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
        go = () => stream.respond({}, { endStream: true });
      },
    });
    const slow = fetchOn(open, { ':path': '/slow' });
    await expect.poll(() => scene.upstream.seen.length).toBe(1);
    await sleep(50);
    expect((await fetchOn(open)).status).toBe(200);
    expect(scene.upstream.sessions).toHaveLength(2);
    go();
    expect((await slow).status).toBe(200);
  });

  it('egress retries a refused stream once, and only if no body bytes were sent', async () => {
    const open = await start({
      handle: (stream, headers, { seen }) => {
        const first = seen.filter((one) => one[':path'] === headers[':path']).length === 1;
        if (first || headers[':path'] === '/never') stream.close(constants.NGHTTP2_REFUSED_STREAM);
        else stream.respond({}, { endStream: true });
      },
    });
    expect((await fetchOn(open, { ':path': '/get' })).status).toBe(200);
    const post = streamOn(open, { ':method': 'POST', ':path': '/post' });
    post.end('body');
    expect((await h2ReplyOf(post)).status).toBe(502);
    expect((await fetchOn(open, { ':path': '/never' })).status).toBe(502);
    expect(scene.upstream.seen.map((one) => one[':path'])).toEqual([
      '/get',
      '/get',
      '/post',
      '/never',
      '/never',
    ]);
    expect(new Set(scene.upstream.seen.map((one) => one[':authority']))).toEqual(new Set([tunnel().target]));
  });

  it('egress never retries a stream that fails with another error', async () => {
    const open = await start({ handle: (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR) });
    const reply = await fetchOn(open);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-failed']);
    expect(scene.upstream.seen).toHaveLength(1);
  });

  it('egress closes an idle upstream session', async () => {
    const open = await start({ deadlines: { upstreamKeepAliveMs: 200 } });
    await fetchOn(open);
    const [first] = scene.upstream.sessions;
    if (first?.closed === false) await once(first, 'close');
    expect((await fetchOn(open)).status).toBe(200);
    expect(scene.upstream.sessions).toHaveLength(2);
  });

  it('egress gives up on an HTTP/2 upstream that never responds', async () => {
    const open = await start({ handle: () => {}, deadlines: { idleMs: 300 } });
    const reply = await fetchOn(open);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([504, 'upstream-timeout']);
  });

  it('HTTP/2 sessions end when their route is removed', async () => {
    const open = await start({
      handle: (stream) => void stream.respond({}),
      deadlines: { upstreamKeepAliveMs: 100 },
    });
    const stream = streamOn(open, {});
    stream.end();
    await once(stream, 'response');
    scene.egress.setRoutes([]);
    const [first] = scene.upstream.sessions;
    if (first?.closed === false) await once(first, 'close');
    expect(open.closed || open.destroyed).toBe(true);
  });
});
