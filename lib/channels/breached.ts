import { BottleError } from '../errors.ts';

export function breached(machine: string, what: string): BottleError {
  return new BottleError('confinement-breached', `the guest ${machine} ${what}`, {
    hint: 'No agent was started in it. Report this with the output of `make doctor`.',
  });
}
