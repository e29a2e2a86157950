import { BottleError } from '../../lib/errors.ts';

/** Returns `CODE: MESSAGE | HINT` of the BottleError that `work` must fail with. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof BottleError)) throw new Error('was not refused');
  return `${thrown.code}: ${thrown.message} | ${thrown.hint}`;
}
