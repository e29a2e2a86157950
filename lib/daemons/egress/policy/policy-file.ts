import type { ReloadReply } from '../../contract/egress/reload.ts';
import { allRules, buildPolicy, type Policy } from './policy.ts';
import { readRoutes } from './routes-source.ts';

/** The policy in force, kept until the next valid routes file. Before `load` everything is denied. */
export class PolicyFile {
  readonly #path: string;
  readonly #filledSlots: ReadonlySet<string>;
  #current: Policy;
  #generation = 0;
  readonly #listeners: (() => void)[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string, filledSlots: ReadonlySet<string>) {
    this.#path = path;
    this.#filledSlots = filledSlots;
    const noRules = { provider: new Map(), bottle: new Map() };
    const off = { log: 0, learn: false, supervised: false, explainsDenials: false } as const;
    this.#current = { rules: noRules, filledSlots, gated: [], allowedValues: [], ...off };
  }

  get current(): Policy {
    return this.#current;
  }

  /** One clause for the log. Contains slot names, never values. */
  get summary(): string {
    const rules = allRules(this.#current);
    // The built-in route is only used in a bundle, where selftest reports more.
    const own = rules.filter(({ upstream }) => upstream !== 'selftest');
    const wanted = new Set(own.flatMap(({ auth }) => (auth === undefined ? [] : [auth.slot])));
    const empty = [...wanted].filter((slot) => !this.#filledSlots.has(slot));
    const blocked = empty.length === 0 ? '' : `; blocked for want of a token: ${empty.join(', ')}`;
    return `${rules.length} routes with the built-in one${blocked}`;
  }

  /** Number of policies put in force so far; 0 before the first. */
  get generation(): number {
    return this.#generation;
  }

  /** Calls `listener` after each change of the policy. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @throws Error with file, line and key when the file is not valid; the policy then stays unchanged. */
  async load(): Promise<void> {
    const routes = await readRoutes(this.#path);
    try {
      this.#current = buildPolicy(routes, this.#filledSlots);
    } catch (error) {
      throw new Error(`${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#generation += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Reads the file again. An invalid file changes nothing. Never throws. */
  reload(): Promise<ReloadReply> {
    const turn = this.#turn.then(async (): Promise<ReloadReply> => {
      try {
        await this.load();
        return { ok: true, generation: this.#generation, routes: allRules(this.#current).length };
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        return { ok: false, generation: this.#generation, error: text };
      }
    });
    this.#turn = turn;
    return turn;
  }
}

/** One line for the log. */
export function reloadLine(reply: ReloadReply): string {
  return reply.ok
    ? `routes read again: generation ${reply.generation}, ${reply.routes} routes with the built-in one`
    : `routes kept as they were: ${reply.error} (generation ${reply.generation} stays in force)`;
}
