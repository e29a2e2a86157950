import { BottleError } from '../errors.ts';

const VARIABLE = 'BOT_BOTTLE_DEADLINE_FACTOR';

/**
 * Returns the milliseconds after which a call of docker or smolvm counts as hung on this machine: those given, times
 * `BOT_BOTTLE_DEADLINE_FACTOR`, which a person with slow disks raises.
 * @throws BottleError `usage` for a factor that is not a number from 0.01 to 100.
 */
export function scaledDeadline(
  milliseconds: number,
  environment: Readonly<NodeJS.ProcessEnv> = process.env,
): number {
  const given = environment[VARIABLE];
  if (given === undefined || given.trim() === '') return milliseconds;
  const factor = Number(given);
  if (factor >= 0.01 && factor <= 100) return milliseconds * factor;
  throw new BottleError('usage', `${VARIABLE}: '${given.trim()}' is not a number from 0.01 to 100`, {
    hint: `Unset it, or write a number such as 2, with which every deadline is twice as long.`,
  });
}
