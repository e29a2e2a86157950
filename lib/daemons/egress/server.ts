import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { ConnectHandler } from './agent/connect-handler.ts';
import { GuestSessions } from './agent/guest-sessions.ts';
import { H1Exchange } from './agent/h1-exchange.ts';
import { H1WebSocketExchange } from './agent/h1-web-socket.ts';
import { bufferWhilePaused } from './agent/paused-connection.ts';
import { ProxyServer } from './agent/proxy-server.ts';
import { RefusedTunnels } from './agent/refused-tunnels.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { ExchangeHandler } from './exchange-handler.ts';
import type { Exchange } from './http/exchange.ts';
import type { Deadlines } from './http/limits.ts';
import { Approvals, type ApprovalsOptions, type Approver } from './outbound/approvals.ts';
import { OutboundGate } from './outbound/outbound-gate.ts';
import { ScanThread } from './outbound/scan-thread.ts';
import { ValueMarks } from './outbound/value-marks.ts';
import type { GrantUses } from './policy/grant-uses.ts';
import { Judge, type PolicySource } from './policy/judge.ts';
import type { KnownSecrets } from './policy/known-secrets.ts';
import { OpenConnections } from './policy/open-connections.ts';
import { knownTunnels, rulesFor } from './policy/policy.ts';
import { Interceptor, type OpenTunnel, type PlainTunnel, type Tunnel } from './tls/interceptor.ts';
import type { LeafIssuer } from './tls/leaf-issuer.ts';
import type { Upstreams } from './upstream/upstreams.ts';
import { SCAN_WORKER } from './workers.ts';

export interface EgressOptions extends PolicySource {
  /** Token of each slot; may change. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly secrets: KnownSecrets;
  readonly issue: LeafIssuer;
  readonly upstreams: Upstreams;
  readonly deadlines: Deadlines;
  readonly audit: AuditLog;
  /** Registers a listener for changes of the policy. */
  readonly onPolicyChange: (listener: () => void) => void;
  /** Asks a person for approvals; without one, requests that need an approval are refused. */
  readonly approver?: Approver;
  /** Whether the bottle runs without a person, so that refusals can say so. */
  readonly isUnattended?: boolean;
  /** Default: marks that are good for as long as this process runs. */
  readonly marks?: ValueMarks;
  /** Default: uses are counted in memory. */
  readonly uses?: GrantUses;
  /** For tests. */
  readonly approvals?: Pick<ApprovalsOptions, 'bounds' | 'patienceMs'>;
}

/** Milliseconds between two checks for expired grants. */
const EXPIRY_SWEEP_MS = 1000;

/**
 * Creates the egress proxy, not yet listening. One HTTP/1.1 server handles both the port and the decrypted
 * side of tunnels, so the same limits apply to both. Tunnels that negotiate HTTP/2 get a session each.
 * `decide` judges every single request.
 */
export function createEgress(options: EgressOptions): Server {
  const { deadlines, audit, upstreams, tokens, secrets } = options;
  const judge = new Judge(options, options.uses);
  const connections = new OpenConnections();
  const thread = new ScanThread(SCAN_WORKER, () => secrets.values);
  const approvals = new Approvals({
    ...options.approvals,
    marks: options.marks ?? new ValueMarks(),
    allowed: () => options.policy().allowedValues,
    approver: options.approver,
    attendance: () => {
      if (options.policy().supervised) return 'attended';
      return options.isUnattended === true ? 'unattended' : 'absent';
    },
  });
  const gate = new OutboundGate(secrets.find, approvals, thread);
  const exchanges = new ExchangeHandler({ judge, gate, connections, upstreams, tokens, audit, deadlines });
  const handleExchange = (exchange: Exchange) => {
    if (!refused.answer(exchange)) exchanges.handle(exchange);
  };
  const sessions = new GuestSessions({ deadlines, handle: handleExchange });
  const tunnels = new WeakMap<Duplex, OpenTunnel | PlainTunnel>();
  const server = new ProxyServer(deadlines, sessions, connections);
  const serve = (socket: TLSSocket, open: OpenTunnel) => {
    if (socket.alpnProtocol === 'h2') return sessions.serve(socket, open);
    tunnels.set(socket, open);
    server.emit('connection', socket);
  };
  const openedPlain = (socket: Duplex, tunnel: Tunnel) => {
    tunnels.set(socket, { tunnel, isPlain: true });
    server.emit('connection', socket);
  };
  const refused = new RefusedTunnels({ issue: options.issue, deadlines, opened: serve, openedPlain });
  const failed = ({ host, port }: Tunnel) => {
    const common = { protocol: 'connect', scheme: 'https', method: 'CONNECT', target: null } as const;
    const account = audit.open({ ...common, host, port, rawHeaders: [] });
    account.admit(rulesFor(options.policy(), host)[0]?.host ?? host);
    account.respond(200, { code: 'tls-failed' });
    account.close();
  };
  const interceptor = new Interceptor({
    issue: options.issue,
    deadlines,
    opened: (socket, open) => {
      connections.add(socket, { ...open.tunnel, isTunnel: true });
      serve(socket, open);
    },
    failed,
  });
  const connects = new ConnectHandler({
    judge,
    interceptor,
    refused,
    audit,
    deadlines,
    isInside: (socket) => tunnels.has(socket),
    openedPlain,
    failed,
  });

  const handle = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean) => {
    bufferWhilePaused(request.socket);
    const tunnel = tunnels.get(request.socket);
    handleExchange(new H1Exchange(request, response, { tunnel, awaitsContinue }));
  };
  server.on('request', (request, response) => handle(request, response, false));
  // Any other `Expect`: Node would send 417 itself, without a reason or an audit line.
  server.on('checkExpectation', (request, response) => handle(request, response, true));
  server.on('checkContinue', (request, response) => handle(request, response, true));
  server.on('upgrade', (request, socket, head) => {
    try {
      handleExchange(new H1WebSocketExchange(request, socket, head, tunnels.get(socket)));
    } catch {
      // The response to an earlier request is still being sent on this socket, though Node has detached it.
      socket.destroy();
    }
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    connects.handle(request, socket, head).catch(() => socket.destroy());
  });

  const warm = () => void interceptor.warm(knownTunnels(options.policy()));
  server.once('listening', warm);
  options.onPolicyChange(warm);

  const closeRevoked = () => connections.closeUnless((connection) => judge.stillPermits(connection));
  options.onPolicyChange(closeRevoked);
  const sweep = setInterval(closeRevoked, EXPIRY_SWEEP_MS).unref();
  server.on('close', () => clearInterval(sweep));
  return server;
}
