/** One option of a command; a flag if it has no `value`. */
export interface OptionSpec {
  long: string;
  short?: string;
  /** Placeholder for the value in help and errors, e.g. `CIDR`. */
  value?: string;
  many?: boolean;
  required?: boolean;
  conflicts?: readonly string[];
  /** @throws Error that says why the value is refused. */
  check?: (text: string) => unknown;
  help?: string;
  hidden?: boolean;
}

/** The grammar of one command, in terms of clap, which smolvm uses for parsing. */
export interface CommandSpec {
  /** The full command words, e.g. `machine exec`. */
  words: string;
  about: string;
  options: readonly OptionSpec[];
  positionals?: ReadonlyArray<{ name: string; required: boolean }>;
  /** Takes everything from the first positional on; with `last`, only what follows `--`. */
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

/** One verb: its grammar, and its action, which returns the exit code. */
export interface Verb {
  readonly spec: CommandSpec;
  /**
   * Present on verbs that need root for guests or for files of other owners, and run in a user namespace without it:
   * the machine whose namespace that is, if it runs.
   */
  readonly machineOf?: (args: Arguments) => string | undefined;
  run(args: Arguments): Promise<number>;
}
