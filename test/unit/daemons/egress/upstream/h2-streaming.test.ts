import { once } from 'node:events';
import { type ClientHttp2Session, constants, type ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { fetchOn, h2ReplyOf, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import { startH2Upstream } from '../../../../support/egress/h2-upstream.ts';
import { startUpstream } from '../../../../support/egress/upstream.ts';

const HOST = 'api.example.com';
const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** Upper bound for what windows, the kernel and stream buffers on both sides hold of one stalled stream. */
const BUFFERED = 24 * MIB;
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');
const chunk = Buffer.alloc(MIB, 'x');

let egress: EgressFixture;
let session: ClientHttp2Session;
let stop: () => Promise<void>;

/** The upstream's side of an exchange, whichever HTTP version it speaks. */
interface Ends {
  readonly request: Readable;
  readonly answer: {
    write(bytes: Buffer | string): boolean;
    end(): void;
    once(event: string, on: () => void): unknown;
  };
}

const versions = ['HTTP/2', 'HTTP/1.1'] as const;

async function start(version: (typeof versions)[number], handle: (ends: Ends) => void): Promise<void> {
  const leaf = await world.leaf(HOST);
  const upstream =
    version === 'HTTP/2'
      ? await startH2Upstream(leaf, (stream: ServerHttp2Stream) => {
          stream.respond({ 'content-type': 'application/octet-stream' });
          handle({ request: stream, answer: stream });
        })
      : await startUpstream(leaf, (request, response) => {
          response.writeHead(200, { 'content-type': 'application/octet-stream' }).flushHeaders();
          handle({ request, answer: response });
        });
  stop = () => upstream.close();
  const route = { host: HOST, port: upstream.port, private: true, dlp: { outbound_detectors: [] } };
  egress = await startEgress({ authority: bottle, routes: [route] });
  session = await openSession({
    proxyPort: egress.port,
    target: `${HOST}:${upstream.port}`,
    ca: bottle.certificate,
  });
}

/** Writes `total` bytes as fast as the reader takes them. */
function pour(sink: Ends['answer'], total: number, count: (bytes: number) => void): void {
  let left = total;
  const more = () => {
    for (; left > 0; left -= MIB) {
      count(MIB);
      if (sink.write(chunk)) continue;
      left -= MIB;
      sink.once('drain', more);
      return;
    }
    sink.end();
  };
  more();
}

beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));
afterEach(async () => {
  session.destroy();
  await egress.close();
  await stop();
});
vi.setConfig({ testTimeout: 90_000 });

it.each(versions)(
  'a 1 GiB download over %s waits upstream while the agent does not read',
  async (version) => {
    let given = 0;
    await start(version, ({ answer }) => {
      pour(answer, GIB, (bytes) => {
        given += bytes;
      });
    });
    const stalled = streamOn(session, {});
    stalled.end();
    await once(stalled, 'response');
    await sleep(400);
    expect(given).toBeGreaterThan(0);
    expect(given).toBeLessThan(BUFFERED);
    const before = given;
    let read = 0;
    for await (const bytes of stalled) {
      read += bytes.length;
      if (read > 2 * BUFFERED) break;
    }
    expect(given).toBeGreaterThan(before);
  },
);

it.each(versions)(
  'an upload over %s waits at the agent while the upstream does not read',
  async (version) => {
    const total = 64 * MIB;
    let given = 0;
    const { promise: go, resolve: release } = Promise.withResolvers<void>();
    await start(version, async ({ request, answer }) => {
      await go;
      let size = 0;
      for await (const bytes of request) size += bytes.length;
      answer.write(String(size));
      answer.end();
    });
    const upload = streamOn(session, { ':method': 'POST' });
    pour(upload, total, (bytes) => {
      given += bytes;
    });
    const reply = h2ReplyOf(upload);
    await sleep(400);
    expect(given).toBeLessThan(BUFFERED);
    release();
    expect((await reply).body).toBe(String(total));
  },
);

it.each(versions)('a stalled stream does not block others on its connection (%s)', async (version) => {
  let asked = 0;
  await start(version, ({ answer }) => {
    asked += 1;
    if (asked === 1) return pour(answer, GIB, () => {});
    answer.end();
  });
  const stalled = streamOn(session, {});
  stalled.end();
  await once(stalled, 'response');
  await sleep(200);
  expect((await fetchOn(session)).status).toBe(200);
});

it.each(versions)(
  'the agent gets events one by one, and its cancellation reaches the upstream (%s)',
  async (version) => {
    let answer: Ends['answer'] | undefined;
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    await start(version, (ends) => {
      answer = ends.answer;
      ends.answer.once('close', leave);
    });
    const events = streamOn(session, {});
    events.end();
    await once(events, 'response');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      answer?.write(event);
      expect(String((await once(events, 'data'))[0])).toBe(event);
    }
    events.close(constants.NGHTTP2_CANCEL);
    await left;
  },
);

it.each(versions)('a response that breaks off never looks complete (%s)', async (version) => {
  await start(version, ({ request, answer }) => {
    answer.write('half');
    setTimeout(() => request.destroy(new Error('gone')), 50);
  });
  await expect(fetchOn(session)).rejects.toThrow();
});

it('egress stops a request body that continues after its response', async () => {
  await start('HTTP/2', () => {});
  const upload = streamOn(session, { ':method': 'POST', ':path': '/a/../b' });
  const closed = once(upload, 'close');
  upload.write(chunk);
  expect((await h2ReplyOf(upload)).status).toBe(400);
  await closed;
  expect(upload.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
});
