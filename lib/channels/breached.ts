import { BottleError } from '../errors.ts';

export function breached(machine: string, what: string): BottleError {
  return new BottleError('confinement-breached', `the guest ${machine} ${what}`, {
    hint: 'Nothing was run in it. Report this with the output of `make doctor`.',
  });
}
