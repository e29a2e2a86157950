import type { Server } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { bottleDirectory, bottlePaths } from '../../../lib/bottle/paths.ts';
import type { Route } from '../../../lib/daemons/contract/egress/routes.ts';
import type { Proposal } from '../../../lib/daemons/contract/supervise/proposal.ts';
import type { ApprovalsOptions } from '../../../lib/daemons/egress/outbound/approvals.ts';
import { supervisedBy } from '../../../lib/daemons/egress/outbound/ask-supervise.ts';
import { ValueMarks } from '../../../lib/daemons/egress/outbound/value-marks.ts';
import type { Timings } from '../../../lib/daemons/supervise/await-decision.ts';
import { listenForHeld } from '../../../lib/daemons/supervise/held-requests.ts';
import { Proposals } from '../../../lib/daemons/supervise/proposals.ts';
import { pendingProposals } from '../../../lib/supervise/queues.ts';
import { openTunnel, type Reply, replyOf, requestOn, type TunnelOptions } from '../egress/agent.ts';
import { testAuthority } from '../egress/authority.ts';
import { type EgressFixture, startEgress } from '../egress/egress.ts';
import { started } from '../egress/started.ts';
import { startUpstream, type Upstream } from '../egress/upstream.ts';
import { type PreparedBottle, prepareBottle } from './prepared-bottle.ts';
import { BOTTLE } from './scene.ts';

export const HOST = 'api.example.com';

export interface HeldSceneOptions extends Pick<ApprovalsOptions, 'bounds' | 'patienceMs'> {
  readonly dlp?: Route['dlp'];
  readonly deniesAll?: boolean;
  readonly timings?: Partial<Timings>;
  /** Milliseconds since 1970, by the clock of the supervise daemon. */
  readonly now?: () => number;
  /** Another host beside `HOST`, with the same upstream. */
  readonly otherHost?: string;
}

export interface HeldRequest {
  readonly host?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

const QUICK: Timings = { pollMs: 10, progressMs: 20, answerMs: 60_000, unwatchedMs: 60_000 };

/** A prepared bottle whose egress asks its supervise daemon, all but the guest and the container real. */
export type HeldScene = ReturnType<typeof heldScene>;

/** Registers the hooks of the calling test file, which uses a temporary home and prepared bottles. */
export function heldScene() {
  const bottle = testAuthority('the bottle CA');
  const world = testAuthority('the CA that upstreams have');
  const trusted = getCACertificates('default');
  let upstream: Upstream | undefined;
  let egress: EgressFixture | undefined;
  let prepared: PreparedBottle | undefined;
  let supervise: Server | undefined;
  let options: HeldSceneOptions = {};
  let marks = new ValueMarks();

  const socket = () => join(bottleDirectory(BOTTLE), 'supervise.sock');

  async function startSupervise(): Promise<void> {
    const { now, timings, deniesAll = false } = options;
    const proposals = await Proposals.open({
      ...{ directory: bottlePaths.superviseQueue(BOTTLE), bottle: BOTTLE, report: () => {} },
      ...(now === undefined ? {} : { now }),
      rate: { burst: 1000, perSecond: 1000 },
    });
    supervise = await listenForHeld({
      ...{ path: socket(), proposals, deniesAll, report: () => {} },
      timings: { ...QUICK, ...timings },
    });
  }

  async function startProxy(): Promise<void> {
    const { egress: policy } = started(prepared);
    egress = await startEgress({
      ...{ authority: bottle, routes: [], approver: supervisedBy(socket()), marks },
      source: {
        policy: () => policy.current,
        generation: () => policy.generation,
        onPolicyChange: (listener) => policy.onChange(listener),
      },
      isUnattended: options.deniesAll === true,
      approvals: {
        ...(options.bounds === undefined ? {} : { bounds: options.bounds }),
        ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      },
    });
  }

  beforeAll(() => setDefaultCACertificates([...trusted, world.certificate]));
  afterAll(() => setDefaultCACertificates(trusted));
  afterEach(async () => {
    await egress?.close();
    await upstream?.close();
    supervise?.close();
    egress = upstream = supervise = undefined;
    marks = new ValueMarks();
  });

  return {
    get egress() {
      return started(egress);
    },
    get upstream() {
      return started(upstream);
    },
    socket,
    /** Makes every call of `docker` fail so, with which the host has egress read its routes. */
    failReload: (text: string) => started(prepared).failWith(text),
    /** How to reach `HOST` through egress. */
    tunnel: (): TunnelOptions => ({
      proxyPort: started(egress).port,
      target: `${HOST}:${started(upstream).port}`,
      ca: bottle.certificate,
    }),
    start: async (given: HeldSceneOptions & { withoutSupervise?: boolean } = {}) => {
      options = given;
      upstream = await startUpstream(
        await world.leaf(HOST),
        (request, response) => void request.pipe(response),
      );
      const { port } = upstream;
      const hosts = [HOST, ...(given.otherHost === undefined ? [] : [given.otherHost])];
      const routes = hosts.map((host) => ({
        host,
        port,
        private: true,
        ...(given.dlp && { dlp: given.dlp }),
      }));
      prepared = await prepareBottle(routes, undefined, given.deniesAll === true ? 'deny' : undefined);
      if (given.withoutSupervise !== true) await startSupervise();
      await startProxy();
    },
    startSupervise,
    /** Starts egress again; `sameBundle`: what was in memory is still there. */
    restartEgress: async (sameBundle: boolean) => {
      await egress?.close();
      if (!sameBundle) marks = new ValueMarks();
      await startProxy();
    },
    send: async ({
      host = HOST,
      path = '/',
      headers = {},
      body = '',
      signal,
    }: HeldRequest): Promise<Reply> => {
      const target = `${host}:${started(upstream).port}`;
      const tunnel = await openTunnel({ proxyPort: started(egress).port, target, ca: bottle.certificate });
      signal?.addEventListener('abort', () => tunnel.destroy());
      const request = requestOn(tunnel, { method: 'POST', path, headers: { host: target, ...headers } });
      request.end(body);
      const reply = await replyOf(request);
      tunnel.destroy();
      return reply;
    },
    /** The one proposal that waits. */
    pending: async (): Promise<Proposal> => {
      const waiting = async () => (await pendingProposals([BOTTLE]))[0]?.pending ?? [];
      await expect.poll(waiting, { timeout: 5000 }).toHaveLength(1);
      const [proposal] = await waiting();
      return started(proposal);
    },
  };
}
