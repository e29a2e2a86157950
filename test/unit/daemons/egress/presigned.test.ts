import type { RequestListener } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetchVia } from '../../../support/egress/agent.ts';
import { testAuthority } from '../../../support/egress/authority.ts';
import { type EgressFixture, startEgress } from '../../../support/egress/egress.ts';
import { started } from '../../../support/egress/started.ts';
import { startUpstream, type Upstream } from '../../../support/egress/upstream.ts';

const [FORGE, STORE, OTHER] = ['forge.example.com', 'store.example.com', 'other.example.com'];
const TOKEN = 'tok-3c1f0a97d2b8e45f';
const jwt = (name: string) =>
  `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify({ path: name, exp: 1_900_000_000 })).toString('base64url')}.c2lnbmF0dXJlLW9mLXRoZS1zdG9yZQ`;
const AMAZON = `/bucket/a.zip?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAQ7XKPM2WZL9RTVBN%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=${'9f'.repeat(32)}`;
const SIGNED = [
  ['Amazon', AMAZON],
  [
    'Google',
    `/bucket/a.zip?GoogleAccessId=AIzaSyB7x2Lm9VbTz4RkWc8NpYs1HdGf6Je3UaQ&X-Goog-Signature=${'ab'.repeat(64)}`,
  ],
  ['a forge', `/r/releases/1/a.zip?jwt=${jwt('a.zip')}`],
] as const;

const bottle = testAuthority('the bottle CA');
const world = testAuthority('the CA that upstreams have');
const trusted = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
afterAll(() => setDefaultCACertificates(trusted));

const upstreams: Upstream[] = [];
let egress: EgressFixture | undefined;
afterEach(async () => {
  await egress?.close();
  for (const upstream of upstreams.splice(0)) await upstream.close();
});

/** Starts a forge that answers as given, and the two other hosts. */
async function start(forge: RequestListener, onMatch: 'block' | 'supervise' = 'block'): Promise<void> {
  const handlers = { [FORGE]: forge, [STORE]: ok, [OTHER]: ok };
  for (const [host, handle] of Object.entries(handlers)) {
    upstreams.push(await startUpstream(await world.leaf(host), handle));
  }
  egress = await startEgress({
    authority: bottle,
    environment: { EGRESS_TOKEN_0: TOKEN },
    routes: [FORGE, STORE, OTHER].map((host, index) => ({
      host,
      port: upstreams[index]?.port ?? 0,
      private: true,
      dlp: { outbound_on_match: onMatch },
      ...(host === FORGE ? { auth: { scheme: 'Bearer' as const, slot: 'EGRESS_TOKEN_0' } } : {}),
    })),
  });
}

const ok: RequestListener = (_request, response) => response.end('the file');

async function get(host: string, path: string) {
  const port = upstreams[[FORGE, STORE, OTHER].indexOf(host)]?.port;
  const { status, headers } = await fetchVia({
    proxyPort: started(egress).port,
    target: `${host}:${port}`,
    ca: bottle.certificate,
    path,
  });
  return headers['x-bot-bottle-reason'] ?? status;
}

const redirectTo =
  (path: string): RequestListener =>
  (_request, response) =>
    response.writeHead(302, { location: `https://${STORE}${path}` }).end();

describe('a signed URL', () => {
  it.each(SIGNED)(
    'of %s may be followed once an upstream redirects there, and not before',
    async (_who, path) => {
      await start(redirectTo(path));
      expect(await get(STORE, path)).toBe('secret-found');
      expect(await get(FORGE, '/download')).toBe(302);
      expect(await get(STORE, path)).toBe(200);
    },
  );

  it('may be presented to no other host, and no other value to its host', async () => {
    await start(redirectTo(AMAZON), 'supervise');
    await get(FORGE, '/download');
    expect(await get(OTHER, AMAZON)).toBe('secret-found');
    expect(await get(STORE, AMAZON.replace('AKIAQ7XKPM2WZL9RTVBN', 'AKIAQ7XKPM2WZL9RTVBM'))).toBe(
      'secret-found',
    );
    expect(await get(STORE, AMAZON)).toBe(200);
  });

  it('hides no other secret beside it', async () => {
    await start(redirectTo(AMAZON));
    await get(FORGE, '/download');
    expect(await get(STORE, `${AMAZON}&more=${jwt('mine')}`)).toBe('secret-found');
  });

  const json = JSON.stringify({ actions: { download: { href: `https://${STORE}${AMAZON}` } } });
  it.each<[string, RequestListener]>([
    ['in JSON', (_request, response) => response.setHeader('content-type', 'application/json').end(json)],
    [
      'in JSON with escaped ampersands, in pieces',
      (_request, response) => {
        response.setHeader('content-type', 'application/vnd.git-lfs+json');
        const text = json.replaceAll('&', '\\u0026');
        response.write(text.slice(0, 80));
        response.end(text.slice(80));
      },
    ],
    [
      'in compressed HTML',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
        response.end(gzipSync(`<a href="https://${STORE}${AMAZON.replaceAll('&', '&amp;')}">`));
      },
    ],
  ])('may be followed if it comes %s', async (_how, forge) => {
    await start(forge);
    expect(await get(STORE, AMAZON)).toBe('secret-found');
    expect(await get(FORGE, '/assets')).toBe(200);
    expect(await get(STORE, AMAZON)).toBe(200);
  });

  it('never carries the bottle’s own secret, whoever hands it out', async () => {
    const own = `/x?token=${TOKEN}`;
    await start(redirectTo(own));
    await get(FORGE, '/download');
    expect(await get(STORE, own)).toBe('secret-found');
  });
});
