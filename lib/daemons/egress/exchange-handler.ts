import type { Held } from '../contract/egress/audit.ts';
import { headerOf } from '../shared/raw-headers.ts';
import type { Account } from './audit/account.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { AuditedExchange, subjectOf } from './audit/audited-exchange.ts';
import { forward } from './forward.ts';
import type { Exchange } from './http/exchange.ts';
import type { Deadlines } from './http/limits.ts';
import type { Reason } from './http/reasons.ts';
import { discardBody } from './outbound/approved-request.ts';
import type { OutboundGate } from './outbound/outbound-gate.ts';
import { denialResponse } from './policy/denial-response.ts';
import { introspect } from './policy/introspection.ts';
import type { Judge } from './policy/judge.ts';
import type { OpenConnections } from './policy/open-connections.ts';
import { credentialFor } from './policy/tokens.ts';
import type { Denial } from './policy/verdict.ts';
import type { Upstreams } from './upstream/upstreams.ts';
import { WebSocketUpgrade } from './websocket/web-socket-upgrade.ts';

export interface ExchangeHandlerOptions {
  readonly judge: Judge;
  readonly gate: OutboundGate;
  readonly connections: OpenConnections;
  readonly upstreams: Upstreams;
  readonly tokens: ReadonlyMap<string, string>;
  readonly audit: AuditLog;
  readonly deadlines: Deadlines;
}

/** Handles each exchange from the policy decision to the end of the response, over any HTTP version. */
export class ExchangeHandler {
  readonly #options: ExchangeHandlerOptions;

  constructor(options: ExchangeHandlerOptions) {
    this.#options = options;
  }

  /** Never throws: an unexpected error ends one exchange, not the daemon. */
  handle(exchange: Exchange): void {
    try {
      const local = introspect(exchange.facts, this.#options.judge);
      if (local === undefined) this.#audited(exchange);
      else exchange.respondLocally(local);
    } catch {
      exchange.abort();
    }
  }

  #audited(exchange: Exchange): void {
    const account = this.#options.audit.open(subjectOf(exchange));
    const { connections } = this.#options;
    const brokeOff = (reason: Reason) =>
      account.breakOff(connections.whyClosed(exchange.connection) ?? reason);
    this.#serve(new AuditedExchange(exchange, account, brokeOff), account, brokeOff).catch(() => {
      account.breakOff('internal');
      exchange.abort();
    });
  }

  async #serve(exchange: Exchange, account: Account, brokeOff: (reason: Reason) => void): Promise<void> {
    const { judge, gate, connections, upstreams, tokens, deadlines } = this.#options;
    const { facts } = exchange;
    const { policy } = judge;
    const verdict = judge.decide(facts);
    if (!verdict.allow) return refuse(exchange, account, verdict);

    exchange.sendContinue();
    const { host, rule, port } = verdict;
    const credential = credentialFor(rule, tokens);
    const hostTokens = rule.hostSlots.flatMap((slot) => tokens.get(slot) ?? []);
    account.admit(rule.host);
    judge.count(rule);
    const isTunneled = facts.kind === 'tunneled';
    if (!isTunneled || rule.sharesHost) {
      const grant = rule.sharesHost ? rule.grant : undefined;
      exchange.onceEnded(connections.add(exchange.connection, { host, port, isTunnel: isTunneled, grant }));
    }
    const waiting = { gone: () => endOf(exchange), held: (record: Held) => account.held(record) };
    const decision = await gate.inspect(exchange, verdict, waiting).catch(() => undefined);
    if (!decision?.approved) judge.refund(rule);
    if (decision === undefined) return exchange.abort();
    account.found(decision.types);
    if (!decision.approved) return refuse(exchange, account, decision.denial);
    const uncounted = rule.maxUses === undefined ? undefined : await judge.settle(rule);
    // Scanning a request or waiting for an approval can take minutes, in which the policy may change.
    const changed = judge.policy === policy ? undefined : judge.changed(facts, rule);
    const denial = uncounted ?? changed;
    if (denial !== undefined) {
      judge.refund(rule);
      discardBody(decision, exchange);
      return refuse(exchange, account, denial);
    }
    const { webSocket } = exchange;
    const common = {
      exchange,
      admission: verdict,
      approved: decision,
      gate,
      connections,
      tokens: hostTokens,
      account,
    };
    const upgrade = webSocket && new WebSocketUpgrade({ ...common, webSocket, idleMs: deadlines.idleMs });
    await forward(exchange, {
      admission: verdict,
      approved: decision,
      secure: isTunneled,
      upgrade,
      upstreams,
      credential,
      tokens: hostTokens,
      budget: gate.budget,
      handedOut: gate.handedOut,
      found: (types) => account.found(types),
      brokeOff,
    });
  }
}

/** Returns what aborts when the exchange is over. */
function endOf(exchange: Exchange): AbortSignal {
  const end = new AbortController();
  if (exchange.isAborted) end.abort();
  else exchange.onceEnded(() => end.abort());
  return end.signal;
}

function refuse(exchange: Exchange, account: Account, denial: Denial): void {
  account.refuse(denial);
  exchange.respondLocally(denialResponse(denial, headerOf(exchange.rawHeaders, 'accept')));
}
