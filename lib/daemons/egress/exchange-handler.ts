import { type AccessLog, loggablePath } from './access-log.ts';
import { denialAnswer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { forward } from './forward.ts';
import { headerOf } from './headers.ts';
import { introspect } from './introspection.ts';
import type { Judge } from './judge.ts';
import type { OpenPassages } from './open-passages.ts';
import { type OutboundGate, WITHHELD } from './outbound-gate.ts';
import type { Upstreams } from './upstreams.ts';
import type { Denial } from './verdict.ts';

export interface ExchangeHandlerOptions {
  readonly judge: Judge;
  readonly gate: OutboundGate;
  readonly passages: OpenPassages;
  readonly upstreams: Upstreams;
  readonly tokens: ReadonlyMap<string, string>;
  readonly log: AccessLog;
}

/** Takes each request from the first judgement to the last line of its log, whichever HTTP it came by. */
export class ExchangeHandler {
  readonly #options: ExchangeHandlerOptions;

  constructor(options: ExchangeHandlerOptions) {
    this.#options = options;
  }

  /** Never throws: what nobody thought of ends one exchange, not the daemon. */
  handle(exchange: Exchange): void {
    this.#serve(exchange).catch(() => exchange.abort());
  }

  async #serve(exchange: Exchange): Promise<void> {
    const { judge, gate, log } = this.#options;
    const { facts } = exchange;
    const told = introspect(facts, judge.state);
    if (told !== undefined) return exchange.answer(told);
    const verdict = judge.decide(facts);
    if (!verdict.allow) return this.#refuse(exchange, verdict);

    exchange.invite();
    const { host, rule, port } = verdict;
    judge.count(rule);
    const isTunnelled = facts.kind === 'tunnelled';
    if (!isTunnelled) this.#options.passages.add(exchange.connection, { host, port, isTunnel: false });
    const entry = { rule: rule.host, host, method: facts.method, path: loggablePath(facts.target) };
    const cleared = await gate.inspect(exchange, verdict).catch(() => undefined);
    if (cleared === undefined) {
      log({ ...entry, verdict: 'fail', status: 499, reason: 'client-gone' });
      return exchange.abort();
    }
    if (!cleared.clear) return this.#refuse(exchange, cleared.denial, cleared.types);
    await forward(exchange, {
      admission: verdict,
      cleared,
      secure: isTunnelled,
      upstreams: this.#options.upstreams,
      tokens: this.#options.tokens,
      answered: (status, reason) =>
        log({
          ...entry,
          verdict: reason === undefined ? 'allow' : 'fail',
          status,
          ...(reason === undefined ? {} : { reason }),
          ...(cleared.types.length === 0 ? {} : { secrets: cleared.types, path: WITHHELD }),
        }),
    });
  }

  #refuse(exchange: Exchange, denial: Denial, secrets: readonly string[] = []): void {
    const { method, target } = exchange.facts;
    this.#options.log({
      verdict: 'deny',
      rule: denial.rule,
      host: denial.host,
      method,
      status: denial.status,
      path: secrets.length === 0 ? loggablePath(target) : WITHHELD,
      reason: denial.code,
      ...(secrets.length === 0 ? {} : { secrets }),
    });
    exchange.answer(denialAnswer(denial, headerOf(exchange.rawHeaders, 'accept')));
  }
}
