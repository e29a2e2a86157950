import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Route } from '../../../../lib/daemons/contract/egress/routes.ts';
import { openTunnel, replyOf, requestOn } from '../../../support/egress/agent.ts';
import { testAuthority } from '../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../support/egress/egress.ts';
import { startUpstream, type Upstream } from '../../../support/egress/upstream.ts';

const HOST = 'api.example.com';
const MIB = 1024 * 1024;
/** Upper bound for what the kernel and four stream buffers hold of one stalled stream. */
const BUFFERED = 24 * MIB;
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');
const chunk = randomBytes(MIB);
/** A scanned body is held until it is complete; these tests need bodies that never are. */
const UNSCANNED: Route['dlp'] = { outbound_detectors: [] };

let upstream: Upstream;
let egress: EgressFixture;

async function start(handle: RequestListener, dlp: Route['dlp'] = {}) {
  upstream = await startUpstream(await world.leaf(HOST), handle);
  egress = await startEgress({
    authority: bottle,
    routes: [{ host: HOST, port: upstream.port, private: true, dlp }],
  });
  const socket = await openTunnel({
    proxyPort: egress.port,
    target: `${HOST}:${upstream.port}`,
    ca: bottle.certificate,
  });
  const headers = { host: `${HOST}:${upstream.port}` };
  return { socket, ask: (method: string) => requestOn(socket, { method, headers }) };
}

/** Writes `total` bytes as fast as the reader takes them; counts the accepted bytes. */
function pour(sink: Writable, total: number, count: (bytes: number) => void): Promise<void> {
  function* chunks() {
    for (let sent = 0; sent < total; sent += MIB) {
      count(MIB);
      yield chunk;
    }
  }
  return pipeline(Readable.from(chunks(), { objectMode: false, highWaterMark: 1 }), sink);
}

async function digestOf(source: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of source) hash.update(part);
  return hash.digest('hex');
}

function expectedDigest(total: number): string {
  const hash = createHash('sha256');
  for (let sent = 0; sent < total; sent += MIB) hash.update(chunk);
  return hash.digest('hex');
}

beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));
afterEach(async () => {
  await egress.close();
  await upstream.close();
});

// Sending 100 MiB through TLS twice and scanning every byte takes a while on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

describe('large bodies', () => {
  it('a 96 MiB download arrives whole and waits upstream while the agent does not read', async () => {
    let accepted = 0;
    const total = 96 * MIB;
    const { socket, ask } = await start((_request, response) => {
      void pour(response, total, (bytes) => {
        accepted += bytes;
      });
    });
    const request = ask('GET');
    request.end();
    const [response]: IncomingMessage[] = await once(request, 'response');
    await sleep(500);
    expect(accepted).toBeLessThan(BUFFERED);
    expect(response && (await digestOf(response))).toBe(expectedDigest(total));
    socket.destroy();
  });

  it('a 96 MiB upload arrives whole and waits at the agent while the upstream does not read', async () => {
    let accepted = 0;
    const total = 96 * MIB;
    const { promise: go, resolve: release } = Promise.withResolvers<void>();
    const { socket, ask } = await start(async (request, response) => {
      await go;
      response.end(await digestOf(request));
    });
    const request = ask('POST');
    const poured = pour(request, total, (bytes) => {
      accepted += bytes;
    });
    await sleep(500);
    expect(accepted).toBeLessThan(BUFFERED);
    release();
    const reply = await replyOf(request);
    await poured;
    expect(reply.body).toBe(expectedDigest(total));
    socket.destroy();
  });

  it('the agent gets a response that the upstream sends before it has read the body', async () => {
    const { socket, ask } = await start((_request, response) => {
      response.writeHead(413, { connection: 'close' }).end('too big');
    }, UNSCANNED);
    const request = ask('POST');
    request.write(chunk);
    expect(await replyOf(request)).toMatchObject({ status: 413, body: 'too big' });
    socket.destroy();
  });
});

describe('streams', () => {
  it('server-sent events reach the agent one by one', async () => {
    let answer: ServerResponse | undefined;
    const { socket, ask } = await start((_request, response) => {
      answer = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    const request = ask('GET');
    request.end();
    const [response]: IncomingMessage[] = await once(request, 'response');
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      answer?.write(event);
      const [part] = response === undefined ? [] : await once(response, 'data');
      expect(String(part)).toBe(event);
    }
    socket.destroy();
  });

  it('a response that the agent abandons ends upstream too', async () => {
    const { promise: ended, resolve: end } = Promise.withResolvers<boolean>();
    const { socket, ask } = await start((_request, response) => {
      response.write('first');
      response.on('close', () => end(response.writableFinished));
    });
    const request = ask('GET');
    request.end();
    await once(request, 'response');
    socket.destroy();
    expect(await ended).toBe(false);
  });

  it('a request that the agent abandons before any response ends upstream and is audited', async () => {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const { socket, ask } = await start((request) => {
      request.socket.on('close', () => end());
      reach();
    });
    ask('GET').end();
    await reached;
    socket.destroy();
    await ended;
    await expect
      .poll(() => egress.log)
      .toMatchObject([{ verdict: 'fail', reason: 'client-gone', status: 499 }]);
  });

  it('a response that the upstream breaks off never looks complete to the agent', async () => {
    const { socket, ask } = await start((request, response) => {
      response.write('half');
      setTimeout(() => request.socket.destroy(), 50);
    });
    const request = ask('GET');
    request.end();
    await expect(replyOf(request)).rejects.toThrow(/aborted|terminated|ECONNRESET/);
    socket.destroy();
  });

  it('an upstream that hangs up before it responds, even mid-upload, is reported as 502', async () => {
    const { socket, ask } = await start((request) => {
      request.once('data', () => request.socket.destroy());
    }, UNSCANNED);
    const request = ask('POST');
    request.write('some');
    const reply = await replyOf(request);
    expect([reply.status, reply.headers['x-bot-bottle-reason']]).toEqual([502, 'upstream-failed']);
    socket.destroy();
  });
});
