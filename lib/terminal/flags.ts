import { parseArgs } from 'node:util';
import { BottleError, messageOf } from '../errors.ts';
import type { Verbosity } from './output.ts';

export interface Flag {
  type: 'boolean' | 'string';
  /** One line for `--help`. */
  help: string;
  /** Whether a string flag must be given. */
  required?: boolean;
  /** Whether a string flag may be given several times; its value is a list. */
  multiple?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The values of flags: a missing string is undefined, a missing boolean is false, a missing list is empty. */
export type Parsed<F extends Flags> = {
  [Name in keyof F]: F[Name]['type'] extends 'boolean'
    ? boolean
    : F[Name]['multiple'] extends true
      ? readonly string[]
      : F[Name]['required'] extends true
        ? string
        : string | undefined;
};

/** Flags that every script has. */
const COMMON = {
  help: { type: 'boolean', help: 'print this help' },
  quiet: { type: 'boolean', help: 'print only errors on stderr' },
  verbose: { type: 'boolean', help: 'print more on stderr' },
} as const satisfies Flags;

export interface Command<F extends Flags> {
  name: string;
  /** Path of the script; `scripts/<name>.ts` when absent. */
  file?: string;
  summary: string;
  flags: F;
  /** Additional lines for `--help`. */
  notes?: readonly string[];
}

export type ParsedCommand<F extends Flags> = Parsed<F> & { verbosity: Verbosity };

/**
 * Parses a script's arguments. For `--help`, prints the help and returns undefined.
 * @throws BottleError `usage` for unknown flags, missing values and positional arguments.
 */
export function parseFlags<F extends Flags>(
  command: Command<F>,
  argv = process.argv.slice(2),
): ParsedCommand<F> | undefined {
  const all: Flags = { ...command.flags, ...COMMON };
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  );
  const values = parse(command, argv, options);
  if (values.help === true) {
    process.stdout.write(helpText(command, all));
    return undefined;
  }
  for (const [name, flag] of Object.entries(command.flags)) {
    if (flag.required && !values[name]) {
      throw new BottleError('usage', `--${name} is missing`, { hint: usageHint(command) });
    }
    if (flag.type === 'boolean') values[name] ??= false;
    if (flag.multiple) values[name] ??= [];
  }
  const verbosity: Verbosity = values.quiet ? 'quiet' : values.verbose ? 'verbose' : 'normal';
  return { ...values, verbosity } as unknown as ParsedCommand<F>;
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>;

type Named = Pick<Command<Flags>, 'name' | 'file' | 'summary' | 'notes'>;

function parse(
  command: Named,
  argv: string[],
  options: Record<string, { type: 'boolean' | 'string'; multiple: boolean }>,
): Values {
  try {
    return { ...parseArgs({ args: argv, options, strict: true, allowPositionals: false }).values };
  } catch (error) {
    throw new BottleError('usage', messageOf(error).replace(/\. To specify a positional.*$/s, ''), {
      hint: usageHint(command),
    });
  }
}

const fileOf = ({ name, file }: Named) => file ?? `scripts/${name}.ts`;

function usageHint(command: Named): string {
  return `See node ${fileOf(command)} --help`;
}

function helpText(command: Named, flags: Flags): string {
  const rows = Object.entries(flags).map(([flag, { type, help, required }]) => {
    const label = `--${flag}${type === 'string' ? ` ${flag.toUpperCase()}` : ''}`;
    return `  ${label.padEnd(22)}${help}${required ? ' (required)' : ''}`;
  });
  return [
    `${command.name}: ${command.summary}`,
    '',
    `Usage: node ${fileOf(command)} [flags]`,
    '',
    ...rows,
    ...(command.notes ?? []).map((note) => `\n${note}`),
    '',
  ].join('\n');
}
