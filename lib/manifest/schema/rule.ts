import type { z } from 'zod';

/** What zod carries from a failed rule to the message. */
export interface RuleParameters {
  remedy: string;
}

/** Adds a problem with a remedy to the value being checked, or to the value at `path` below it. */
export function fail(
  context: z.core.$RefinementCtx,
  message: string,
  remedy: string,
  path: readonly (string | number)[] = [],
): void {
  const params: RuleParameters = { remedy };
  // `continue: false`: rules of the enclosing value are skipped once a part of it is invalid.
  context.addIssue({ code: 'custom', message, path: [...path], params: { ...params }, continue: false });
}
