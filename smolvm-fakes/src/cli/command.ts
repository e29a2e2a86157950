/** One option of a command. Without `value` it is a flag. */
export interface OptionSpec {
  long: string;
  short?: string;
  /** Placeholder of the value in help and errors, e.g. `CIDR`. */
  value?: string;
  many?: boolean;
  required?: boolean;
  conflicts?: readonly string[];
  /** Throws an Error whose message says why the value is refused. */
  check?: (text: string) => unknown;
  help?: string;
  hidden?: boolean;
}

/** The grammar of one command, in the terms of clap, which smolvm parses with. */
export interface CommandSpec {
  /** Full words, e.g. `machine exec`. */
  words: string;
  about: string;
  options: readonly OptionSpec[];
  positionals?: ReadonlyArray<{ name: string; required: boolean }>;
  /** Everything from the first positional on belongs to this argument; with `last`, only what follows `--`. */
  trailing?: { name: string; required: boolean; last?: boolean };
}

/** A parsed command line. */
export interface Arguments {
  has(long: string): boolean;
  value(long: string): string | undefined;
  values(long: string): readonly string[];
  readonly positionals: readonly string[];
  readonly trailing: readonly string[];
}

/** One verb: its grammar, and what it does. Gives the exit code. */
export interface Verb {
  readonly spec: CommandSpec;
  run(args: Arguments): Promise<number>;
}
