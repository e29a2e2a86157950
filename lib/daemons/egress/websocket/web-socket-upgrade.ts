import type { Duplex } from 'node:stream';
import { WITHHELD } from '../../contract/egress/audit.ts';
import type { Account } from '../audit/account.ts';
import type { Exchange } from '../http/exchange.ts';
import { agentHeaders, type HeaderLines } from '../http/headers.ts';
import { scrubberFor } from '../inbound/reflection.ts';
import type { ApprovedRequest } from '../outbound/approved-request.ts';
import type { OutboundGate } from '../outbound/outbound-gate.ts';
import type { OpenConnections } from '../policy/open-connections.ts';
import type { Admission } from '../policy/verdict.ts';
import type { Upgrade, UpstreamUpgrade } from '../upstream/upstream-call.ts';
import { endToEnd, UpstreamHandshake } from './handshake.ts';
import { InboundMessages } from './inbound-messages.ts';
import { OutboundMessages } from './outbound-messages.ts';
import { type Ending, relay } from './relay.ts';

const END_REASONS = { agent: 'client-gone', upstream: 'upstream-failed', idle: 'idle' } as const;

export interface WebSocketUpgradeOptions {
  readonly exchange: Exchange;
  /** The WebSocket offer of the exchange. */
  readonly webSocket: NonNullable<Exchange['webSocket']>;
  readonly admission: Admission;
  /** The request as it will be sent. */
  readonly approved: ApprovedRequest;
  readonly gate: OutboundGate;
  readonly connections: OpenConnections;
  /** The tokens that requests to the host get; none may be reflected. */
  readonly tokens: readonly string[];
  readonly account: Account;
  /** Milliseconds without a byte either way, after which both sides are closed. */
  readonly idleMs: number;
}

/** Opens the WebSocket once the upstream agrees: first verifies its proof, then responds to the agent. */
export class WebSocketUpgrade implements Upgrade {
  readonly #options: WebSocketUpgradeOptions;
  readonly #handshake: UpstreamHandshake;

  constructor(options: WebSocketUpgradeOptions) {
    this.#options = options;
    this.#handshake = new UpstreamHandshake(options.approved.rawHeaders);
  }

  requestHeaders(headers: HeaderLines): HeaderLines {
    return { ...endToEnd(headers), ...this.#handshake.headers };
  }

  agreed({ rawHeaders, stream }: UpstreamUpgrade): void {
    this.#handshake.verify(rawHeaders);
    const { exchange, webSocket, admission, gate, connections, tokens, account, idleMs } = this.#options;
    const { rule, host, port } = admission;
    const scrubber = scrubberFor(tokens);
    const { 'content-length': _unframed, ...forwarded } = endToEnd(agentHeaders(rawHeaders));
    const headers = scrubber === undefined ? forwarded : scrubber.headers(forwarded);
    const agent = webSocket.open(headers);
    account.respond(webSocket.status, { headers });
    const { facts } = exchange;
    const isTunnel = facts.kind === 'tunneled';
    connections.add(agent, { host, port, isTunnel, webSocket: { facts, grant: rule.grant } });
    relay({
      agent,
      upstream: stream,
      outbound: this.#outboundMessages(agent),
      inbound: new InboundMessages({ scrubber, scansText: rule.scan.inbound }),
      budget: gate.budget,
      idleMs,
      read: (by, bytes) => account.count(by === 'agent' ? 'sent' : 'received', bytes),
      ended: (ending) => this.#recordEnd(ending, agent),
    }).catch(() => {
      account.breakOff('internal');
      account.close();
      agent.destroy();
      stream.destroy();
    });
  }

  #outboundMessages(agent: Duplex): OutboundMessages {
    const { gate, admission, approved, account } = this.#options;
    const { rule, host, path } = admission;
    const gone = new AbortController();
    agent.once('close', () => gone.abort());
    return new OutboundMessages({
      scan: gate.optionsFor(rule),
      onMatch: rule.scan.onMatch,
      approvals: gate.approvals,
      budget: gate.budget,
      host,
      path: approved.types.length === 0 ? path : WITHHELD,
      waiting: {
        gone: () => gone.signal,
        held: (record) => account.held(record),
      },
    });
  }

  #recordEnd({ by, closed, left, refusal }: Ending, agent: Duplex): void {
    const { account, webSocket, admission, connections, exchange } = this.#options;
    if (refusal !== undefined) {
      account.refuse({ rule: admission.rule.host, status: webSocket.status, code: refusal.code });
      if (refusal.types.length > 0) account.found(refusal.types);
    } else if (!closed) {
      const closing = connections.whyClosed(agent) ?? connections.whyClosed(exchange.connection);
      const reason = closing ?? (left ? undefined : END_REASONS[by]);
      if (reason !== undefined) account.breakOff(reason);
    }
    account.close();
  }
}
