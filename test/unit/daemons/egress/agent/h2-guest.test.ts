import { randomBytes } from 'node:crypto';
import type { ClientHttp2Session, OutgoingHttpHeaders, SecureClientSessionOptions } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { ABUSE_BUDGET } from '../../../../../lib/daemons/egress/http/http2-limits.ts';
import { fetchOn, h2ReplyOf, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import { HOST, proxyScene, TOKEN } from '../../../../support/egress/proxy-scene.ts';
import { startUpstream } from '../../../../support/egress/upstream.ts';

const scene = proxyScene();
let session: ClientHttp2Session | undefined;
afterEach(() => session?.destroy());

async function open(settings: SecureClientSessionOptions = {}): Promise<ClientHttp2Session> {
  session = await openSession(scene().tunnel(), settings);
  return session;
}

describe('agents that speak HTTP/2', () => {
  it('an HTTP/2 request loses its own credentials and gets the injected token', async () => {
    const reply = await fetchOn(await open(), {
      ':path': '/v1/x?secret=1',
      authorization: 'Bearer stolen',
      'x-keep-me': 'a',
      cookie: ['a=1', 'b=2'],
    });
    expect(reply.status).toBe(200);
    const [seen] = scene().upstream.seen;
    expect(seen).toMatchObject({ method: 'GET', url: '/v1/x?secret=1' });
    expect(seen?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      host: scene().tunnel().target,
      cookie: 'a=1; b=2',
      'x-keep-me': 'a',
    });
    expect(JSON.stringify(seen)).not.toContain('stolen');
  });

  it('an HTTP/2 body without a length reaches an HTTP/1.1 upstream whole and chunked', async () => {
    const content = randomBytes(300_000).toString('hex');
    const stream = streamOn(await open(), { ':method': 'POST' });
    stream.end(content);
    expect((await h2ReplyOf(stream)).body).toBe(content);
    expect(scene().upstream.seen[0]?.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
  });

  it('one HTTP/2 connection serves 100 concurrent requests', async () => {
    const many = await open();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) => fetchOn(many, { ':path': `/${index}` })),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(100).fill(200));
    expect(new Set(scene().upstream.seen.map(({ url }) => url)).size).toBe(100);
  });

  it('a refused HTTP/2 request is told the reason', async () => {
    const reply = await fetchOn(await open(), { ':path': '/a/../b' });
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([400, 'path-ambiguous']);
    expect(reply.body).toContain('dot segment');
  });
});

describe('long HTTP/2 sessions', () => {
  const many = ABUSE_BUDGET.burst + 2 * ABUSE_BUDGET.perSecond;

  it.each<[what: string, headers: OutgoingHttpHeaders, body: string | undefined, status: number]>([
    ['requests without a body', {}, undefined, 200],
    ['requests with a body', { ':method': 'POST' }, 'x', 200],
    ['requests with a body that says its length', { ':method': 'POST', 'content-length': 1 }, 'x', 200],
    ['HEAD requests', { ':method': 'HEAD' }, undefined, 200],
    ['requests that are refused', { ':method': 'POST', ':path': '/o/r/git-receive-pack' }, 'x', 403],
  ])('a session has no limit on its %s, however fast they come', async (_what, headers, body, status) => {
    const upstream = await startUpstream(await scene().world.leaf(HOST), (request, response) => {
      request.resume().once('end', () => response.writeHead(200, { 'content-length': 2 }).end('ok'));
    });
    scene().egress.setRoutes(scene().routes(upstream.port));
    session = await openSession(scene().tunnel(upstream.port));
    const asked = session;
    const ask = async () => {
      const stream = asked.request(headers, { endStream: body === undefined });
      stream.on('error', () => {});
      const reply = h2ReplyOf(stream);
      stream.end(body);
      return (await reply).status;
    };
    const statuses: unknown[] = [];
    const loop = async () => {
      while (statuses.length < many) statuses.push(await ask());
    };
    await Promise.all(Array.from({ length: 16 }, loop));
    expect(new Set(statuses)).toEqual(new Set([status]));
    expect(session.closed).toBe(false);
    const verdict = status === 200 ? 'allow' : 'deny';
    await expect
      .poll(() => new Set(scene().egress.log.map((entry) => entry.verdict)))
      .toEqual(new Set([verdict]));
    await upstream.close();
  });
});
