import type { RequestListener } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Route } from '../../../lib/daemons/contract/egress/routes.ts';
import type { Approver } from '../../../lib/daemons/egress/outbound/approvals.ts';
import { openTunnel, type Reply, replyOf, requestOn } from './agent.ts';
import { testAuthority } from './authority.ts';
import { type EgressFixture, startEgress } from './egress.ts';
import { started } from './started.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export const HOST = 'api.example.com';
export const TOKEN = 'tok-3c1f0a97d2b8e45f';

export interface DlpSceneOptions extends Pick<Route, 'dlp' | 'max_uses' | 'matches'> {
  /** Handles requests at the upstream; echoes if absent. */
  readonly handle?: RequestListener;
  readonly approver?: Approver;
  readonly isUnattended?: boolean;
}

export interface DlpRequest {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** A proxy that scans, with an upstream that each test starts as it needs it. */
export interface DlpScene {
  readonly upstream: Upstream;
  readonly egress: EgressFixture;
  /** Starts both, with one route to `HOST` that has a token. */
  start(options: DlpSceneOptions): Promise<void>;
  /** Sends a POST to the upstream through the proxy. */
  send(request: DlpRequest): Promise<Reply>;
}

/** Registers the hooks of the calling test file. */
export function dlpScene(): DlpScene {
  const bottle = testAuthority('the bottle CA');
  const world = testAuthority('the CA that upstreams have');
  const trusted = getCACertificates('default');
  let upstream: Upstream | undefined;
  let egress: EgressFixture | undefined;

  beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
  afterAll(() => setDefaultCACertificates(trusted));
  afterEach(async () => {
    await egress?.close();
    await upstream?.close();
    egress = upstream = undefined;
  });

  const scene: DlpScene = {
    get upstream() {
      return started(upstream);
    },
    get egress() {
      return started(egress);
    },
    start: async ({ dlp = {}, handle, approver, isUnattended = false, ...more }) => {
      const echo: RequestListener = (request, response) => void request.pipe(response);
      upstream = await startUpstream(await world.leaf(HOST), handle ?? echo);
      const auth = { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0' } as const;
      egress = await startEgress({
        authority: bottle,
        routes: [{ host: HOST, port: upstream.port, private: true, auth, dlp, ...more }],
        environment: { EGRESS_TOKEN_0: TOKEN },
        isUnattended,
        ...(approver === undefined ? {} : { approver }),
      });
    },
    send: async ({ path = '/', headers = {}, body = '' }) => {
      const target = `${HOST}:${scene.upstream.port}`;
      const socket = await openTunnel({ proxyPort: scene.egress.port, target, ca: bottle.certificate });
      const request = requestOn(socket, { method: 'POST', path, headers: { host: target, ...headers } });
      request.end(body);
      const reply = await replyOf(request);
      socket.destroy();
      return reply;
    },
  };
  return scene;
}
