import type { Duplex } from 'node:stream';
import { WITHHELD } from '../../contract/egress/audit.ts';
import type { Account } from '../audit/account.ts';
import type { Upgrade } from '../forward.ts';
import type { Exchange } from '../http/exchange.ts';
import { agentHeaders, type HeaderLines } from '../http/headers.ts';
import { ReflectionScrubber } from '../inbound/reflection.ts';
import type { Cleared } from '../outbound/approved-request.ts';
import type { OutboundGate } from '../outbound/outbound-gate.ts';
import type { OpenPassages } from '../policy/open-connections.ts';
import type { Admission } from '../policy/verdict.ts';
import type { UpstreamUpgrade } from '../upstream/upstream-call.ts';
import { betweenEnds, UpstreamHandshake } from './handshake.ts';
import { InboundMessages } from './inbound-messages.ts';
import { type Ending, relay } from './relay.ts';

export interface WebSocketUpgradeOptions {
  readonly exchange: Exchange;
  /** The exchange's own. */
  readonly webSocket: NonNullable<Exchange['webSocket']>;
  readonly admission: Admission;
  /** The request as it leaves. */
  readonly cleared: Cleared;
  readonly gate: OutboundGate;
  readonly passages: OpenPassages;
  /** The token that is injected; must not come back. */
  readonly token: string | undefined;
  readonly account: Account;
  /** Milliseconds without a byte either way, after which both sides are closed. */
  readonly idleMs: number;
}

/** What becomes of a request for a WebSocket when the upstream agrees: first its proof, then the agent's answer. */
export class WebSocketUpgrade implements Upgrade {
  readonly #options: WebSocketUpgradeOptions;
  readonly #handshake: UpstreamHandshake;

  constructor(options: WebSocketUpgradeOptions) {
    this.#options = options;
    this.#handshake = new UpstreamHandshake(options.cleared.rawHeaders);
  }

  requestHeaders(headers: HeaderLines): HeaderLines {
    return { ...betweenEnds(headers), ...this.#handshake.headers };
  }

  agreed({ rawHeaders, stream }: UpstreamUpgrade): void {
    this.#handshake.verify(rawHeaders);
    const { exchange, webSocket, admission, cleared, gate, passages, token, account, idleMs } = this.#options;
    const { rule, host, port, path } = admission;
    const scrubber = token === undefined ? undefined : new ReflectionScrubber(token);
    const { 'content-length': _unframed, ...sent } = betweenEnds(agentHeaders(rawHeaders));
    const headers = scrubber === undefined ? sent : scrubber.headers(sent);
    const agent = webSocket.open(headers);
    account.answer(webSocket.status, { headers });
    const { facts } = exchange;
    const isTunnel = facts.kind === 'tunnelled';
    passages.add(agent, { host, port, isTunnel, webSocket: { facts, grant: rule.grant } });
    relay({
      agent,
      upstream: stream,
      outbound: gate.messages(admission, cleared.types.length === 0 ? path : WITHHELD),
      inbound: new InboundMessages({ scrubber, looks: rule.scan.inbound }),
      budget: gate.budget,
      idleMs,
      read: (by, bytes) => account.count(by === 'agent' ? 'sent' : 'received', bytes),
      ended: (ending) => this.#settle(ending, agent),
    }).catch(() => {
      agent.destroy();
      stream.destroy();
    });
  }

  #settle({ by, closed, refusal }: Ending, agent: Duplex): void {
    const { account, webSocket, admission, passages, exchange } = this.#options;
    if (refusal !== undefined) {
      account.refuse({ rule: admission.rule.host, status: webSocket.status, code: refusal.code });
      if (refusal.types.length > 0) account.found(refusal.types);
    } else if (!closed) {
      const reason = { agent: 'client-gone', upstream: 'upstream-failed', idle: 'idle' }[by];
      account.breakOff(passages.whyClosed(agent) ?? passages.whyClosed(exchange.connection) ?? reason);
    }
    account.close();
  }
}
