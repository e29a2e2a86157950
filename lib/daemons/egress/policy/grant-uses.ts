import type { Rule } from './policy.ts';

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
