import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Route } from '../../../lib/daemons/contract/egress/routes.ts';
import type { Approver } from '../../../lib/daemons/egress/outbound/approvals.ts';
import type { TunnelOptions } from './agent.ts';
import { type TestAuthority, testAuthority } from './authority.ts';
import { type EgressFixture, startEgress } from './egress.ts';
import { type SocketBehavior, type SocketUpstream, startSocketUpstream } from './web-socket.ts';

export const HOST = 'api.example.com';
export const TOKEN = 'tok-3c1f0a97d2b8e45f';

/** One proxy and one WebSocket upstream, shared by all tests of a file. */
export interface SocketScene {
  readonly bottle: TestAuthority;
  readonly world: TestAuthority;
  readonly egress: EgressFixture;
  readonly upstream: SocketUpstream;
  /** A route to `HOST` with a token. */
  route(changes?: Partial<Route>): Route;
  /** Makes `route` the only route and sets how the upstream behaves. */
  play(route?: Partial<Route>, behavior?: SocketBehavior): void;
  /** How to reach `HOST` through the proxy. */
  tunnel(): TunnelOptions;
}

/** Registers the hooks of the calling test file. `idleMs`: idle timeout in milliseconds. */
export function socketScene(options: { idleMs?: number; approver?: Approver } = {}): () => SocketScene {
  const bottle = testAuthority('the bottle CA');
  const world = testAuthority('the CA that upstreams have');
  const trusted = getCACertificates('default');
  const { approver, ...deadlines } = options;
  let scene: SocketScene | undefined;

  beforeAll(async () => {
    setDefaultCACertificates([...trusted, world.certificate]);
    const upstream = await startSocketUpstream(await world.leaf(HOST));
    const route = (changes: Partial<Route> = {}): Route => ({
      host: HOST,
      port: upstream.port,
      private: true,
      auth: { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' },
      ...changes,
    });
    const egress = await startEgress({
      authority: bottle,
      routes: [route()],
      environment: { EGRESS_TOKEN_0: TOKEN },
      deadlines,
      ...(approver === undefined ? {} : { approver }),
    });
    scene = {
      bottle,
      world,
      egress,
      upstream,
      route,
      play: (changes, behavior = {}) => {
        egress.setRoutes([route(changes)]);
        upstream.behave(behavior);
      },
      tunnel: () => ({ proxyPort: egress.port, target: `${HOST}:${upstream.port}`, ca: bottle.certificate }),
    };
  });
  afterEach(() => {
    if (scene === undefined) return;
    scene.upstream.reset();
    scene.egress.log.length = 0;
    scene.play();
  });
  afterAll(async () => {
    setDefaultCACertificates(trusted);
    await scene?.egress.close();
    await scene?.upstream.close();
  });
  return () => {
    if (scene === undefined) throw new Error('the scene exists only inside a test');
    return scene;
  };
}
