import { BottleError } from '../../lib/errors.ts';
import { errorText } from '../../lib/terminal/error-text.ts';
import { type Command, type Flags, type ParsedCommand, parseFlags } from '../../lib/terminal/flags.ts';

/** The flags of a tool that developers run. Ends the process where help was asked for, or what was asked is wrong. */
export function toolFlags<F extends Flags>(command: Command<F>): ParsedCommand<F> {
  try {
    return parseFlags(command) ?? process.exit(0);
  } catch (error) {
    if (!(error instanceof BottleError)) throw error;
    console.error(errorText(error));
    return process.exit(error.exitCode);
  }
}

/** The number that a flag gives. Ends the process where it is none. */
export function wholeNumber(flag: string, text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  return refuse(`--${flag} ${text}: write a whole number from ${least} on`);
}

/** Ends the process: what was asked cannot be done. */
export function refuse(fault: string): never {
  console.error(`error: ${fault}`);
  return process.exit(2);
}
