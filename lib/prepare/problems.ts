import { BottleError, errorOfProblems } from '../errors.ts';

/** Collects problems, so that users see all of them at once. Errors other than BottleError are rethrown. */
export class Problems {
  readonly found: BottleError[] = [];

  /** Returns the result of `work`, or records its problem and returns undefined. */
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

/** Throws if there are any problems. @throws BottleError that combines all problems. */
export function throwProblems(problems: readonly BottleError[]): void {
  const [first, ...others] = problems;
  if (first !== undefined) throw errorOfProblems([first, ...others]);
}
