import { BottleError } from '../errors.ts';

/** The error of a decision that cannot be made. */
export function refused(message: string): BottleError {
  return new BottleError('decision-refused', message, {
    hint: 'Nothing was changed. `make supervise ONCE=1` lists what is pending.',
  });
}
