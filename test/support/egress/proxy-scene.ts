import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { RoutesFile } from '../../../lib/daemons/contract/egress/routes.ts';
import type { Deadlines } from '../../../lib/daemons/egress/http/limits.ts';
import { type TestAuthority, testAuthority } from './authority.ts';
import { type EgressFixture, startEgress } from './egress.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** Host of the upstream's certificate and of the route with a token. */
export const HOST = 'api.example.com';
export const TOKEN = 'tok-3c1f0a97d2';

/** A fresh proxy and a fresh HTTPS echo upstream for each test. */
export interface ProxyScene {
  readonly bottle: TestAuthority;
  /** The CA that egress trusts for upstreams. */
  readonly world: TestAuthority;
  upstream: Upstream;
  egress: EgressFixture;
  /** Routes for `HOST` (with a token) and `open.example.com` (without), both on `port`. */
  routes(port: number): RoutesFile['routes'];
  /** Replaces the proxy with one that has other deadlines. */
  hurry(deadlines: Partial<Deadlines>, port?: number): Promise<void>;
  /** How to reach `HOST` through the proxy. */
  tunnel(port?: number): { proxyPort: number; target: string; ca: string };
}

/** Registers the hooks of the calling test file; the scene is available only inside its tests. */
export function proxyScene(): () => ProxyScene {
  const bottle = testAuthority('the bottle CA');
  const world = testAuthority('the CA that upstreams have');
  const trusted = getCACertificates('default');
  let scene: ProxyScene | undefined;

  const routes = (port: number): RoutesFile['routes'] => [
    { host: HOST, port, private: true, auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } },
    { host: 'open.example.com', port, private: true },
  ];
  const proxy = (port: number, deadlines: Partial<Deadlines>) =>
    startEgress({
      authority: bottle,
      routes: routes(port),
      environment: { EGRESS_TOKEN_0: TOKEN },
      deadlines,
    });

  beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
  afterAll(() => setDefaultCACertificates(trusted));
  beforeEach(async () => {
    const upstream = await startUpstream(await world.leaf(HOST), (request, response) => {
      response.setHeader('x-upstream', 'yes');
      request.pipe(response);
    });
    const made: ProxyScene = {
      bottle,
      world,
      upstream,
      egress: await proxy(upstream.port, {}),
      routes,
      hurry: async (deadlines, port = made.upstream.port) => {
        await made.egress.close();
        made.egress = await proxy(port, deadlines);
      },
      tunnel: (port = made.upstream.port) => ({
        proxyPort: made.egress.port,
        target: `${HOST}:${port}`,
        ca: bottle.certificate,
      }),
    };
    scene = made;
  });
  afterEach(async () => {
    await scene?.egress.close();
    await scene?.upstream.close();
    scene = undefined;
  });
  return () => {
    if (scene === undefined) throw new Error('the scene exists only inside a test');
    return scene;
  };
}
