import type { z } from 'zod';

/** What zod carries from a rule that failed to the message a person reads. */
export interface RuleParameters {
  remedy: string;
}

/** Adds a problem with a remedy to the value being checked. */
export function fail(context: z.core.$RefinementCtx, message: string, remedy: string): void {
  const params: RuleParameters = { remedy };
  context.addIssue({ code: 'custom', message, params: { ...params } });
}
