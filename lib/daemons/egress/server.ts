import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type AccessLog, loggablePath } from './access-log.ts';
import { denialAnswer, failureAnswer, sendAnswer, sendRawAnswer } from './answer.ts';
import { type Circumstances, decide, isOpen, type RequestFacts } from './decide.ts';
import { knownSecretFinder } from './dlp/known-secrets.ts';
import { Supervision, type Supervisor } from './dlp/supervisor.ts';
import { forward } from './forward.ts';
import { GrantUses } from './grant-uses.ts';
import { valuesOf } from './headers.ts';
import { Interceptor, type Tunnel } from './interceptor.ts';
import { introspect } from './introspection.ts';
import type { LeafIssuer } from './leaf-issuer.ts';
import { type Deadlines, MAX_CONNECTIONS, MAX_HEADER_BYTES } from './limits.ts';
import { OpenPassages } from './open-passages.ts';
import { OutboundGate, WITHHELD } from './outbound-gate.ts';
import type { Policy } from './policy.ts';
import type { Upstreams } from './upstreams.ts';
import { type Denial, deny } from './verdict.ts';

export interface EgressOptions {
  /** The policy in force now; asked anew for each decision. */
  readonly policy: () => Policy;
  readonly tokens: ReadonlyMap<string, string>;
  readonly issue: LeafIssuer;
  readonly upstreams: Upstreams;
  readonly deadlines: Deadlines;
  readonly log: AccessLog;
  /** Generation of the policy in force. */
  readonly generation: () => number;
  /** Calls back after each change of the policy. */
  readonly onPolicyChange: (listener: () => void) => void;
  /** Who answers for the operator; absent: what needs an answer is refused. */
  readonly supervisor?: Supervisor;
}

/** Milliseconds between two looks for grants that have expired meanwhile. */
const EXPIRY_SWEEP_MS = 1000;

/** What is known of the TLS side of a tunnel's socket. */
interface OpenTunnel {
  readonly tunnel: Tunnel;
  readonly serverName: string | undefined;
}

/**
 * The egress proxy, not yet listening. One HTTP server reads both what comes on the port and what comes out of
 * intercepted tunnels, so the same limits hold for both; `decide` judges every single request.
 */
export function createEgress(options: EgressOptions): Server {
  const { deadlines, log } = options;
  const gate = new OutboundGate(
    knownSecretFinder(options.tokens.values()),
    new Supervision(options.supervisor),
  );
  const uses = new GrantUses();
  const circumstances = (): Circumstances => ({ now: Date.now(), uses: (rule) => uses.of(rule) });
  const passages = new OpenPassages();
  const closeRevoked = () => {
    // A grant's last use may still be under way, and is not cut off.
    const then = { now: Date.now(), uses: () => 0 };
    passages.closeUnless(({ host, port, isTunnel }) => isOpen(host, port, isTunnel, options.policy(), then));
  };
  options.onPolicyChange(closeRevoked);
  const sweep = setInterval(closeRevoked, EXPIRY_SWEEP_MS).unref();
  const tunnels = new WeakMap<Duplex, OpenTunnel>();
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

  const logDenial = (denial: Denial, method: string, path: string | null, secrets: readonly string[] = []) =>
    log({
      verdict: 'deny',
      rule: denial.rule,
      host: denial.host,
      method,
      status: denial.status,
      path,
      reason: denial.code,
      ...(secrets.length === 0 ? {} : { secrets }),
    });

  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const verdict = tunnels.has(socket)
      ? deny('method-refused', null, 'A tunnel inside a tunnel is never opened.', 'Ask the proxy itself.')
      : decide({ kind: 'connect', target: request.url ?? '' }, options.policy(), circumstances());
    if (!verdict.allow) {
      logDenial(verdict, 'CONNECT', null);
      sendRawAnswer(socket, denialAnswer(verdict, request.headers.accept));
      return;
    }
    const { host } = verdict;
    interceptor.prepare({ host, port: verdict.port }).then(
      (takeOver) => {
        if (socket.destroyed) return;
        if ('setTimeout' in socket && typeof socket.setTimeout === 'function') socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        takeOver(socket);
      },
      () => {
        const answer = failureAnswer(500, 'certificate-failed', `No certificate could be made for ${host}.`);
        log({
          verdict: 'fail',
          rule: verdict.rule.host,
          host,
          method: 'CONNECT',
          status: 500,
          path: null,
          reason: answer.code,
        });
        sendRawAnswer(socket, answer);
      },
    );
  });

  const serve = async (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean) => {
    const open = tunnels.get(request.socket);
    const facts = factsOf(request, open);
    const path = loggablePath(facts.target);
    const refuse = (denial: Denial, secrets?: readonly string[]) => {
      logDenial(
        denial,
        facts.method,
        secrets === undefined || secrets.length === 0 ? path : WITHHELD,
        secrets,
      );
      sendAnswer(response, denialAnswer(denial, request.headers.accept));
      request.resume();
    };
    const state = {
      policy: options.policy(),
      generation: options.generation(),
      circumstances: circumstances(),
    };
    const told = introspect(facts, state);
    if (told !== undefined) return sendAnswer(response, told);
    const verdict = decide(facts, state.policy, state.circumstances);
    if (!verdict.allow) {
      // A body that was announced but will not come would be read as the next request.
      if (awaitsContinue) response.setHeader('connection', 'close');
      return refuse(verdict);
    }
    if (awaitsContinue) response.writeContinue();
    uses.count(verdict.rule);
    const { host, rule, port } = verdict;
    if (open === undefined) passages.add(request.socket, { host, port, isTunnel: false });
    const entry = { rule: rule.host, host, method: facts.method, path };
    const cleared = await gate.inspect(request, verdict).catch(() => undefined);
    if (cleared === undefined) {
      log({ ...entry, verdict: 'fail', status: 499, reason: 'client-gone' });
      response.destroy();
      return;
    }
    if (!cleared.clear) return refuse(cleared.denial, cleared.types);
    await forward(request, response, {
      admission: verdict,
      cleared,
      secure: open !== undefined,
      upstreams: options.upstreams,
      tokens: options.tokens,
      answered: (status, reason) =>
        log({
          ...entry,
          verdict: reason === undefined ? 'allow' : 'fail',
          status,
          ...(reason === undefined ? {} : { reason }),
          ...(cleared.types.length === 0 ? {} : { secrets: cleared.types, path: WITHHELD }),
        }),
    });
  };
  /** What nobody thought of ends one connection, not the daemon. */
  const serveSafely = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean) => {
    serve(request, response, awaitsContinue).catch(() => response.destroy());
  };
  server.on('request', (request, response) => serveSafely(request, response, false));
  server.on('checkContinue', (request, response) => serveSafely(request, response, true));
  server.on('close', () => clearInterval(sweep));
  return server;
}

function factsOf(request: IncomingMessage, open: OpenTunnel | undefined): RequestFacts {
  const common = {
    method: request.method ?? '',
    target: request.url ?? '',
    hostHeaders: valuesOf(request.rawHeaders, 'host'),
    rawHeaders: request.rawHeaders,
    upgrade: valuesOf(request.rawHeaders, 'upgrade').join(',').toLowerCase(),
  };
  return open === undefined ? { kind: 'plain', ...common } : { kind: 'tunnelled', ...common, ...open };
}
