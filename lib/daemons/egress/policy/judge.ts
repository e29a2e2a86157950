import type { Facts } from '../http/request-facts.ts';
import { type Circumstances, decide, isOpen } from './decide.ts';
import type { OpenConnection } from './open-connections.ts';
import type { Policy, Rule } from './policy.ts';
import { type Denial, deny, type Verdict } from './verdict.ts';

/** Where the policy in force is to be had. */
export interface PolicySource {
  /** The policy in force now; asked anew for each decision. */
  readonly policy: () => Policy;
  /** Generation of the policy in force. */
  readonly generation: () => number;
}

/** How often each grant with `max_uses` was used. Counts outlive a reload in which the route did not change. */
export class GrantUses {
  readonly #counts = new Map<string, number>();

  of(rule: Rule): number {
    return this.#counts.get(rule.grant) ?? 0;
  }

  /** A use that was counted, and came to nothing. */
  giveBack(rule: Rule): void {
    if (rule.maxUses !== undefined) this.#counts.set(rule.grant, Math.max(0, this.of(rule) - 1));
  }

  count(rule: Rule): void {
    if (rule.maxUses !== undefined) this.#counts.set(rule.grant, this.of(rule) + 1);
  }
}

/** Judges by the policy in force and by what has become of its grants. */
export class Judge {
  readonly #source: PolicySource;
  readonly #uses = new GrantUses();

  constructor(source: PolicySource) {
    this.#source = source;
  }

  /** All that a decision made now depends on. */
  get state(): { policy: Policy; generation: number; circumstances: Circumstances } {
    const circumstances = { now: Date.now(), uses: (rule: Rule) => this.#uses.of(rule) };
    return { policy: this.#source.policy(), generation: this.#source.generation(), circumstances };
  }

  decide(facts: Facts): Verdict {
    const { policy, circumstances } = this.state;
    return decide(facts, policy, circumstances);
  }

  /** The policy in force now; another one after each change. */
  get policy(): Policy {
    return this.#source.policy();
  }

  /** Why a request that `rule` let out under an earlier policy may not leave any more. Its use is counted already. */
  changed(facts: Facts, rule: Rule): Denial | undefined {
    const verdict = decide(facts, this.policy, { now: Date.now(), uses: () => 0 });
    if (!verdict.allow) return verdict;
    // It was looked at, and would get its token, as the route said then.
    if (verdict.rule.grant === rule.grant) return undefined;
    const reason = `The route of ${rule.host} was changed while the request was looked at.`;
    return deny('route-changed', rule.host, reason, 'Send it again.', rule);
  }

  /** To be called where nothing of a request that was counted has left. */
  giveBack(rule: Rule): void {
    this.#uses.giveBack(rule);
  }

  /** To be called for each request that a rule lets out, at once: the next may be judged while this one is scanned. */
  count(rule: Rule): void {
    this.#uses.count(rule);
  }

  /** Whether what is open may stay so. A grant's last use may still be under way, and is not cut off. */
  stillPermits({ host, port, isTunnel, webSocket }: OpenConnection): boolean {
    const policy = this.#source.policy();
    const then = { now: Date.now(), uses: () => 0 };
    if (webSocket === undefined) return isOpen(host, port, isTunnel, policy, then);
    const verdict = decide(webSocket.facts, policy, then);
    return verdict.allow && verdict.rule.grant === webSocket.grant;
  }
}
