import type { ClientHttp2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Route } from '../../../lib/daemons/contract/egress/routes.ts';
import type { Deadlines } from '../../../lib/daemons/egress/http/limits.ts';
import type { TunnelOptions } from './agent.ts';
import { testAuthority } from './authority.ts';
import { type EgressFixture, startEgress } from './egress.ts';
import { openSession } from './h2-agent.ts';
import { type H2Upstream, startH2Upstream } from './h2-upstream.ts';
import { started } from './started.ts';

const HOST = 'api.example.com';
export const TOKEN = 'tok-3c1f0a97d2';

export interface H2SceneOptions {
  /** Handles each stream at the upstream; echoes if absent. */
  readonly handle?: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, upstream: H2Upstream) => void;
  readonly settings?: Parameters<typeof startH2Upstream>[2];
  readonly deadlines?: Partial<Deadlines>;
  /** Changes to a private route with a token. */
  readonly route?: Partial<Route>;
  /** Host name of the upstream's certificate; that of the route if absent. */
  readonly certificateFor?: string;
}

/** A proxy and an HTTP/2 upstream that each test starts as it needs them. */
export interface H2Scene {
  readonly upstream: H2Upstream;
  readonly egress: EgressFixture;
  /** Starts both, and a session from the agent to the upstream. */
  start(options?: H2SceneOptions): Promise<ClientHttp2Session>;
  /** How to reach the upstream through the proxy. */
  tunnel(): TunnelOptions;
}

export function echo(stream: ServerHttp2Stream): void {
  stream.respond({ 'x-upstream': 'yes' });
  stream.pipe(stream);
}

/** Registers the hooks of the calling test file. */
export function h2Scene(): H2Scene {
  const bottle = testAuthority('the bottle CA');
  const world = testAuthority('the CA that upstreams have');
  const trusted = getCACertificates('default');
  let upstream: H2Upstream | undefined;
  let egress: EgressFixture | undefined;
  let session: ClientHttp2Session | undefined;

  beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
  afterAll(() => setDefaultCACertificates(trusted));
  afterEach(async () => {
    session?.destroy();
    await egress?.close();
    await upstream?.close();
    session = egress = upstream = undefined;
  });

  const scene: H2Scene = {
    get upstream() {
      return started(upstream);
    },
    get egress() {
      return started(egress);
    },
    start: async ({ handle = echo, settings, deadlines, route, certificateFor = HOST } = {}) => {
      upstream = await startH2Upstream(await world.leaf(certificateFor), handle, settings);
      egress = await startEgress({
        authority: bottle,
        routes: [
          {
            host: HOST,
            port: upstream.port,
            private: true,
            auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' },
            ...route,
          },
        ],
        environment: { EGRESS_TOKEN_0: TOKEN },
        ...(deadlines === undefined ? {} : { deadlines }),
      });
      session = await openSession(scene.tunnel());
      return session;
    },
    tunnel: () => ({
      proxyPort: scene.egress.port,
      target: `${HOST}:${scene.upstream.port}`,
      ca: bottle.certificate,
    }),
  };
  return scene;
}
