import { allRules, buildPolicy, type Policy } from './policy.ts';
import { readRoutes } from './routes-source.ts';

/** The policy in force, kept from one valid routes file to the next. Before `load` everything is denied. */
export class PolicyFile {
  readonly #path: string;
  readonly #filledSlots: ReadonlySet<string>;
  #current: Policy;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(path: string, filledSlots: ReadonlySet<string>) {
    this.#path = path;
    this.#filledSlots = filledSlots;
    this.#current = { rules: { provider: new Map(), bottle: new Map() }, filledSlots };
  }

  get current(): Policy {
    return this.#current;
  }

  /** One clause for the log. Names slots, never values. */
  get summary(): string {
    const rules = allRules(this.#current);
    const wanted = new Set(rules.flatMap(({ auth }) => (auth === undefined ? [] : [auth.slot])));
    const empty = [...wanted].filter((slot) => !this.#filledSlots.has(slot));
    const blocked = empty.length === 0 ? '' : `; blocked for want of a token: ${empty.join(', ')}`;
    return `${rules.length} routes with the built-in one${blocked}`;
  }

  /** @throws Error with file, line and key when the file is not valid. */
  async load(): Promise<void> {
    const routes = await readRoutes(this.#path);
    try {
      this.#current = buildPolicy(routes, this.#filledSlots);
    } catch (error) {
      throw new Error(`${this.#path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Reads the file again; an invalid one changes nothing. Never throws; resolves to a line for the log. */
  reload(): Promise<string> {
    const turn = this.#turn.then(async () => {
      try {
        await this.load();
        return `routes read again: ${this.summary}`;
      } catch (error) {
        return `routes kept as they were: ${error instanceof Error ? error.message : String(error)}`;
      }
    });
    this.#turn = turn;
    return turn;
  }
}
