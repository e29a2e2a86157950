import { BottleError, errorOfProblems } from '../errors.ts';

/** Gathers what is wrong, so that a person hears of everything at once. Whatever is no BottleError is thrown on. */
export class Problems {
  readonly found: BottleError[] = [];

  /** The outcome of `work`, or nothing when that is a problem. */
  async attempt<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BottleError)) throw error;
      this.found.push(error);
      return undefined;
    }
  }

  add(...problems: readonly BottleError[]): void {
    this.found.push(...problems);
  }
}

/** @throws BottleError that stands for all of them, when there are any. */
export function throwProblems(problems: readonly BottleError[]): void {
  const [first, ...others] = problems;
  if (first !== undefined) throw errorOfProblems([first, ...others]);
}
