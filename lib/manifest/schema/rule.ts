import type { z } from 'zod';

/** What zod carries from a rule that failed to the message a person reads. */
export interface RuleParameters {
  remedy: string;
}

/** Adds a problem with a remedy to the value being checked, or to what is at `path` below it. */
export function fail(
  context: z.core.$RefinementCtx,
  message: string,
  remedy: string,
  path: readonly (string | number)[] = [],
): void {
  const params: RuleParameters = { remedy };
  // `continue: false`: the rules of what it is a part of are not asked about a value that is wrong already.
  context.addIssue({ code: 'custom', message, path: [...path], params: { ...params }, continue: false });
}
