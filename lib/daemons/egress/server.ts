import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccessLog } from './access-log.ts';
import { ConnectHandler } from './connect-handler.ts';
import { knownSecretFinder } from './dlp/known-secrets.ts';
import { Supervision, type Supervisor } from './dlp/supervisor.ts';
import { ExchangeHandler } from './exchange-handler.ts';
import { H1Exchange, type OpenTunnel } from './h1-exchange.ts';
import { Interceptor } from './interceptor.ts';
import { Judge, type PolicySource } from './judge.ts';
import type { LeafIssuer } from './leaf-issuer.ts';
import { type Deadlines, MAX_CONNECTIONS, MAX_HEADER_BYTES } from './limits.ts';
import { OpenPassages } from './open-passages.ts';
import { OutboundGate } from './outbound-gate.ts';
import { knownTunnels } from './policy.ts';
import type { Upstreams } from './upstreams.ts';

export interface EgressOptions extends PolicySource {
  readonly tokens: ReadonlyMap<string, string>;
  readonly issue: LeafIssuer;
  readonly upstreams: Upstreams;
  readonly deadlines: Deadlines;
  readonly log: AccessLog;
  /** Calls back after each change of the policy. */
  readonly onPolicyChange: (listener: () => void) => void;
  /** Who answers for the operator; absent: what needs an answer is refused. */
  readonly supervisor?: Supervisor;
}

/** Milliseconds between two looks for grants that have expired meanwhile. */
const EXPIRY_SWEEP_MS = 1000;

/**
 * The egress proxy, not yet listening. One HTTP server reads both what comes on the port and what comes out of
 * intercepted tunnels, so the same limits hold for both; `decide` judges every single request.
 */
export function createEgress(options: EgressOptions): Server {
  const { deadlines, log, upstreams, tokens } = options;
  const judge = new Judge(options);
  const passages = new OpenPassages();
  const gate = new OutboundGate(knownSecretFinder(tokens.values()), new Supervision(options.supervisor));
  const exchanges = new ExchangeHandler({ judge, gate, passages, upstreams, tokens, log });
  const tunnels = new WeakMap<Duplex, OpenTunnel>();
  const server = http1Server(deadlines);
  const interceptor = new Interceptor({
    issue: options.issue,
    deadlines,
    opened: (socket, tunnel) => {
      passages.add(socket, { ...tunnel, isTunnel: true });
      tunnels.set(socket, { tunnel, serverName: socket.servername || undefined });
      server.emit('connection', socket);
    },
    failed: ({ host }) =>
      log({
        verdict: 'fail',
        rule: host,
        host,
        method: 'CONNECT',
        status: 200,
        path: null,
        reason: 'tls-failed',
      }),
  });
  const connects = new ConnectHandler({
    judge,
    interceptor,
    log,
    isInside: (socket) => tunnels.has(socket),
  });

  const handle = (request: IncomingMessage, response: ServerResponse, awaitsInvitation: boolean) => {
    const tunnel = tunnels.get(request.socket);
    exchanges.handle(new H1Exchange(request, response, { tunnel, awaitsInvitation }));
  };
  server.on('request', (request, response) => handle(request, response, false));
  server.on('checkContinue', (request, response) => handle(request, response, true));
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    connects.handle(request, socket, head).catch(() => socket.destroy());
  });

  const warm = () => void interceptor.warm(knownTunnels(options.policy()));
  server.once('listening', warm);
  options.onPolicyChange(warm);

  const closeRevoked = () => passages.closeUnless((passage) => judge.stillPermits(passage));
  options.onPolicyChange(closeRevoked);
  const sweep = setInterval(closeRevoked, EXPIRY_SWEEP_MS).unref();
  server.on('close', () => clearInterval(sweep));
  return server;
}

function http1Server(deadlines: Deadlines): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: deadlines.headersMs,
    // Uploads may last; an upload that stalls meets the idle limit.
    requestTimeout: 0,
    keepAliveTimeout: deadlines.keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, deadlines.headersMs),
    // `decide` refuses these with a reason instead of Node's bare 400.
    requireHostHeader: false,
  });
  server.timeout = deadlines.idleMs;
  server.maxConnections = MAX_CONNECTIONS;
  // Node would cut the list silently, and a header that framing depends on with it. `decide` counts instead.
  server.maxHeadersCount = 0;
  return server;
}
