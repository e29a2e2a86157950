import { type KnownSecretFinder, knownSecretFinder } from '../../detection/index.ts';

/** The bottle's own secrets, which must not leave nor be logged. A token that was replaced stays one. */
export class KnownSecrets {
  #values: readonly string[];
  #find: KnownSecretFinder;

  constructor(values: Iterable<string>) {
    this.#values = [...values];
    this.#find = knownSecretFinder(this.#values);
  }

  get values(): readonly string[] {
    return this.#values;
  }

  /** Finds all that are known at the time of the call. */
  readonly find: KnownSecretFinder = (view, exhaustive) => this.#find(view, exhaustive);

  add(value: string): void {
    if (this.#values.includes(value)) return;
    this.#values = [...this.#values, value];
    this.#find = knownSecretFinder(this.#values);
  }
}
