import { BottleError } from '../../lib/errors.ts';
import { errorText } from '../../lib/terminal/error-text.ts';
import { type Command, type Flags, type ParsedCommand, parseFlags } from '../../lib/terminal/flags.ts';

/** Parses the flags of a developer tool. Exits after printing help or a usage error. */
export function toolFlags<F extends Flags>(command: Command<F>): ParsedCommand<F> {
  try {
    return parseFlags(command) ?? process.exit(0);
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    console.error(errorText(error));
    return process.exit(error.exitCode);
  }
}

/** Parses the whole number of a flag, of at least `least`. Exits if it is invalid. */
export function wholeNumber(flag: string, text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  return refuse(`--${flag} ${text}: must be a whole number of at least ${least}`);
}

/** Prints an error and exits with code 2. */
export function refuse(fault: string): never {
  console.error(`error: ${fault}`);
  return process.exit(2);
}
