import { once } from 'node:events';
import { type ClientHttp2Session, constants, type ServerHttp2Stream } from 'node:http2';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../../../../lib/daemons/contract/egress/routes.ts';
import type { Deadlines } from '../../../../../lib/daemons/egress/http/limits.ts';
import { testAuthority } from '../../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../../support/egress/egress.ts';
import { fetchOn, openSession, streamOn } from '../../../../support/egress/h2-agent.ts';
import { type H2Upstream, startH2Upstream } from '../../../../support/egress/h2-upstream.ts';

const HOST = 'api.example.com';
const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');
let upstream: H2Upstream;
let egress: EgressFixture;
let session: ClientHttp2Session;

/** Longer than the flow-control window of a stream. */
const LONG = 1024 * 1024;

beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));
afterEach(async () => {
  session.destroy();
  await egress.close();
  await upstream.close();
});

async function start(
  handle: (stream: ServerHttp2Stream) => void,
  { dlp, deadlines = {} }: { dlp?: Route['dlp']; deadlines?: Partial<Deadlines> } = {},
) {
  upstream = await startH2Upstream(await world.leaf(HOST), handle);
  const scan = dlp === undefined ? {} : { dlp };
  const routes = [{ host: HOST, port: upstream.port, private: true, ...scan }];
  egress = await startEgress({ authority: bottle, routes, deadlines });
  const target = `${HOST}:${upstream.port}`;
  session = await openSession({ proxyPort: egress.port, target, ca: bottle.certificate });
}

/** Waits until a stream is closed and returns its reset code. */
async function codeOf(stream: {
  closed: boolean;
  rstCode?: number | undefined;
}): Promise<number | undefined> {
  await expect.poll(() => stream.closed, { timeout: 5000 }).toBe(true);
  return stream.rstCode;
}

// If a reset is never sent, Node forgets the stream but writes empty frames for it as soon as the other side
// reads on, until memory runs out.
describe('canceled HTTP/2 requests', () => {
  const none: Route['dlp'] = { outbound_detectors: [], inbound_detectors: [] };
  it.each([
    ['while its body waits to be read', undefined, false],
    ['while its body, which is not scanned, waits to be read', none, false],
    ['while its body waits to be read and its response arrives', undefined, true],
    ['while its body, which is not scanned, waits to be read and its response arrives', none, true],
  ])('a request that the agent cancels is canceled upstream: %s', async (_when, dlp, hasResponded) => {
    const reached = Promise.withResolvers<ServerHttp2Stream>();
    await start(
      (stream) => {
        if (upstream.seen.length > 1) return void stream.respond({ ':status': 200 }, { endStream: true });
        if (hasResponded) {
          stream.respond({ ':status': 200 });
          stream.write('so far');
        }
        stream.pause();
        reached.resolve(stream);
      },
      dlp === undefined ? {} : { dlp },
    );
    const request = streamOn(session, { ':method': 'POST', ':path': '/' });
    request.end('lorem ipsum '.repeat(LONG / 12));
    const stream = await reached.promise;
    if (hasResponded) await once(request, 'response');
    await expect.poll(() => stream.readableLength, { timeout: 5000 }).toBeGreaterThan(0);
    request.close(constants.NGHTTP2_CANCEL);
    expect(await codeOf(stream)).toBe(constants.NGHTTP2_CANCEL);
    stream.resume();
    expect((await fetchOn(session)).status).toBe(200);
  });
});

it('egress cuts off an unread HTTP/2 response, and the session stays usable', async () => {
  await start(
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'image/png' });
      if (upstream.seen.length > 1) stream.end('short');
      else stream.write(Buffer.alloc(LONG));
    },
    { deadlines: { idleMs: 300, dialMs: 200 } },
  );
  const request = streamOn(session, { ':path': '/' });
  request.end();
  await once(request, 'response');
  expect(await codeOf(request)).not.toBe(constants.NGHTTP2_NO_ERROR);
  request.resume();
  expect((await fetchOn(session)).body).toBe('short');
});
