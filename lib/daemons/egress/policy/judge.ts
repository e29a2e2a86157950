import type { Facts } from '../http/request-facts.ts';
import { type Circumstances, isOpen } from './admit.ts';
import { decide } from './decide.ts';
import { GrantUses } from './grant-uses.ts';
import type { OpenConnection } from './open-connections.ts';
import type { Policy, Rule } from './policy.ts';
import { type Denial, deny, type Verdict } from './verdict.ts';

/** Provides the policy in force. */
export interface PolicySource {
  /** The policy in force now. Called for each decision. */
  readonly policy: () => Policy;
  /** Generation of the policy in force. */
  readonly generation: () => number;
}

/** Decides by the policy in force and the uses of its grants. */
export class Judge {
  readonly #source: PolicySource;
  readonly #uses: GrantUses;

  constructor(source: PolicySource, uses = new GrantUses()) {
    this.#source = source;
    this.#uses = uses;
  }

  /** Everything that a decision made now depends on. */
  get state(): { policy: Policy; generation: number; circumstances: Circumstances } {
    const circumstances = { now: Date.now(), uses: (rule: Rule) => this.#uses.of(rule) };
    return { policy: this.#source.policy(), generation: this.#source.generation(), circumstances };
  }

  decide(facts: Facts): Verdict {
    const { policy, circumstances } = this.state;
    return decide(facts, policy, circumstances);
  }

  /** The policy in force now; a new object after each change. */
  get policy(): Policy {
    return this.#source.policy();
  }

  /** Why a request that `rule` admitted earlier may no longer be sent. Its use is already counted. */
  changed(facts: Facts, rule: Rule): Denial | undefined {
    const verdict = decide(facts, this.policy, this.#asAdmittedBy(rule.grant));
    if (!verdict.allow) return verdict;
    // It was scanned, and would get its token, as the old route said.
    if (verdict.rule.grant === rule.grant) return undefined;
    const reason = `The route of ${rule.host} was changed while the request was looked at.`;
    return deny('route-changed', rule.host, reason, 'Send it again.', rule);
  }

  /** Must be called for a counted request of which nothing has been sent. */
  refund(rule: Rule): void {
    this.#uses.refund(rule);
    // If this is not written, one use less is left.
    if (rule.maxUses !== undefined) this.#uses.written().catch(() => {});
  }

  /** Writes the counted use of a grant with `max_uses` down; must have ended before anything is sent. @returns why nothing may be sent. */
  async settle(rule: Rule): Promise<Denial | undefined> {
    try {
      await this.#uses.written();
      return undefined;
    } catch {
      const reason = `The use of the grant for ${rule.host} could not be written down.`;
      return deny('grant-uncounted', rule.host, reason, 'Tell the operator, and send it again later.', rule);
    }
  }

  /** Must be called at once for each admitted request: the next may be decided while this one is scanned. */
  count(rule: Rule): void {
    this.#uses.count(rule);
  }

  /** Whether an open connection may stay open. The last use of a grant may be running and is not cut off. */
  stillPermits({ host, port, isTunnel, grant, webSocket }: OpenConnection): boolean {
    const policy = this.#source.policy();
    const circumstances = this.#asAdmittedBy(webSocket?.grant ?? grant);
    if (webSocket === undefined) return isOpen({ host, port, isTunnel, grant }, { policy, circumstances });
    const verdict = decide(webSocket.facts, policy, circumstances);
    return verdict.allow && verdict.rule.grant === webSocket.grant;
  }

  /** The use of a request in progress is counted already; other grants of its host may have ended. */
  #asAdmittedBy(grant: string | undefined): Circumstances {
    const uses = (rule: Rule) => (grant === undefined || rule.grant === grant ? 0 : this.#uses.of(rule));
    return { now: Date.now(), uses };
  }
}
