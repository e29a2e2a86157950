import type { Account } from './audit/account.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { AuditedExchange, subjectOf } from './audit/audited-exchange.ts';
import { forward } from './forward.ts';
import type { Exchange } from './http/exchange.ts';
import { headerOf } from './http/headers.ts';
import type { Deadlines } from './http/limits.ts';
import { denialAnswer } from './http/local-response.ts';
import { drop } from './outbound/approved-request.ts';
import type { OutboundGate } from './outbound/outbound-gate.ts';
import { introspect } from './policy/introspection.ts';
import type { Judge } from './policy/judge.ts';
import type { OpenPassages } from './policy/open-connections.ts';
import type { Denial } from './policy/verdict.ts';
import type { Upstreams } from './upstream/upstreams.ts';
import { WebSocketUpgrade } from './websocket/web-socket-upgrade.ts';

export interface ExchangeHandlerOptions {
  readonly judge: Judge;
  readonly gate: OutboundGate;
  readonly passages: OpenPassages;
  readonly upstreams: Upstreams;
  readonly tokens: ReadonlyMap<string, string>;
  readonly audit: AuditLog;
  readonly deadlines: Deadlines;
}

/** Takes each request from the first judgement to the end of its answer, whichever HTTP it came by. */
export class ExchangeHandler {
  readonly #options: ExchangeHandlerOptions;

  constructor(options: ExchangeHandlerOptions) {
    this.#options = options;
  }

  /** Never throws: what nobody thought of ends one exchange, not the daemon. */
  handle(exchange: Exchange): void {
    try {
      const told = introspect(exchange.facts, this.#options.judge);
      if (told === undefined) this.#audited(exchange);
      else exchange.answer(told);
    } catch {
      exchange.abort();
    }
  }

  #audited(exchange: Exchange): void {
    const account = this.#options.audit.open(subjectOf(exchange));
    const { passages } = this.#options;
    const brokeOff = (reason: string) => account.breakOff(passages.whyClosed(exchange.connection) ?? reason);
    this.#serve(new AuditedExchange(exchange, account, brokeOff), account, brokeOff).catch(() => {
      account.breakOff('internal');
      exchange.abort();
    });
  }

  async #serve(exchange: Exchange, account: Account, brokeOff: (reason: string) => void): Promise<void> {
    const { judge, gate, passages, upstreams, tokens, deadlines } = this.#options;
    const { facts } = exchange;
    const { policy } = judge;
    const verdict = judge.decide(facts);
    if (!verdict.allow) return refuse(exchange, account, verdict);

    exchange.invite();
    const { host, rule, port } = verdict;
    account.admit(rule.host);
    judge.count(rule);
    const isTunnelled = facts.kind === 'tunnelled';
    if (!isTunnelled) exchange.onceOver(passages.add(exchange.connection, { host, port, isTunnel: false }));
    const cleared = await gate.inspect(exchange, verdict).catch(() => undefined);
    if (!cleared?.clear) judge.giveBack(rule);
    if (cleared === undefined) return exchange.abort();
    account.found(cleared.types);
    if (!cleared.clear) return refuse(exchange, account, cleared.denial);
    // To look at a request, or to ask a person, may take minutes.
    const changed = judge.policy === policy ? undefined : judge.changed(facts, rule);
    if (changed !== undefined) {
      judge.giveBack(rule);
      drop(cleared, exchange);
      return refuse(exchange, account, changed);
    }
    const { webSocket } = exchange;
    const token = rule.auth === undefined ? undefined : tokens.get(rule.auth.slot);
    const asked = { exchange, admission: verdict, cleared, gate, passages, token, account };
    const upgrade = webSocket && new WebSocketUpgrade({ ...asked, webSocket, idleMs: deadlines.idleMs });
    await forward(exchange, {
      admission: verdict,
      cleared,
      secure: isTunnelled,
      upgrade,
      upstreams,
      tokens,
      budget: gate.budget,
      found: (types) => account.found(types),
      brokeOff,
    });
  }
}

function refuse(exchange: Exchange, account: Account, denial: Denial): void {
  account.refuse(denial);
  exchange.answer(denialAnswer(denial, headerOf(exchange.rawHeaders, 'accept')));
}
