import type { ReloadReply } from '../../contract/egress/reload.ts';
import { allRules, buildPolicy, type Policy } from './policy.ts';
import { readRoutes } from './routes-source.ts';

/** The policy in force, kept from one valid routes file to the next. Before `load` everything is denied. */
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
    const nothing = { provider: new Map(), bottle: new Map() };
    this.#current = { rules: nothing, filledSlots, log: 0, learn: false };
  }

  get current(): Policy {
    return this.#current;
  }

  /** One clause for the log. Names slots, never values. */
  get summary(): string {
    const rules = allRules(this.#current);
    // The built-in route is of use in a bundle only, whose selftest says more.
    const own = rules.filter(({ upstream }) => upstream !== 'selftest');
    const wanted = new Set(own.flatMap(({ auth }) => (auth === undefined ? [] : [auth.slot])));
    const empty = [...wanted].filter((slot) => !this.#filledSlots.has(slot));
    const blocked = empty.length === 0 ? '' : `; blocked for want of a token: ${empty.join(', ')}`;
    return `${rules.length} routes with the built-in one${blocked}`;
  }

  /** How many policies were put in force; 0 before the first. */
  get generation(): number {
    return this.#generation;
  }

  /** Calls `listener` after each change of the policy. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @throws Error with file, line and key when the file is not valid; nothing has changed then. */
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

  /** Reads the file again; an invalid one changes nothing. Never throws. */
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
