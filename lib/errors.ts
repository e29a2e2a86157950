/** Exit code of each family of errors. Any other exit code of a launch is the agent's own. */
export const EXIT_CODES = {
  usage: 2,
  manifest: 65,
  preflight: 69,
  internal: 70,
  engine: 71,
  guest: 72,
  bundle: 73,
  teardown: 74,
  confinement: 77,
} as const;

export type ErrorFamily = keyof typeof EXIT_CODES;

/** Every failure this kit can name, and the family that decides its exit code. */
const FAMILY_OF = {
  usage: 'usage',
  'label-taken': 'usage',
  'manifest-invalid': 'manifest',
  'agent-unknown': 'manifest',
  'bottle-unknown': 'manifest',
  'provider-invalid': 'manifest',
  'skill-missing': 'preflight',
  'key-unusable': 'preflight',
  'variable-missing': 'preflight',
  'credentials-unusable': 'preflight',
  'smolvm-missing': 'preflight',
  'smolvm-unsupported': 'preflight',
  'kvm-unusable': 'preflight',
  'engine-missing': 'preflight',
  'disk-full': 'preflight',
  'state-missing': 'preflight',
  'state-corrupt': 'internal',
  'engine-failed': 'engine',
  'image-unavailable': 'engine',
  'aliases-exhausted': 'engine',
  'subnets-exhausted': 'engine',
  'pack-failed': 'guest',
  'guest-failed': 'guest',
  'guest-not-ready': 'guest',
  'bundle-failed': 'bundle',
  'bundle-not-ready': 'bundle',
  'confinement-breached': 'confinement',
  'teardown-incomplete': 'teardown',
  interrupted: 'internal',
  internal: 'internal',
} as const satisfies Record<string, ErrorFamily>;

export type ErrorCode = keyof typeof FAMILY_OF;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(FAMILY_OF, text);
}

export interface BottleErrorOptions {
  /** What the reader can do about it: one imperative sentence. */
  hint?: string;
  cause?: unknown;
  /** The errors that this one stands for, each with its own hint. */
  problems?: readonly BottleError[];
}

/** The one error class of the kit. The message names the file, key, option or variable at fault. */
export class BottleError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly problems: readonly BottleError[];

  constructor(code: ErrorCode, message: string, options: BottleErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BottleError';
    this.code = code;
    this.hint = options.hint;
    this.problems = options.problems ?? [];
  }

  get exitCode(): number {
    return EXIT_CODES[FAMILY_OF[this.code]];
  }
}

/** One error for several problems, the most basic first: it has that one's code. A single problem stays itself. */
export function errorOfProblems(problems: readonly [BottleError, ...BottleError[]]): BottleError {
  const [first] = problems;
  if (problems.length === 1) return first;
  return new BottleError(first.code, `${problems.length} things stand in the way of this launch`, {
    hint: 'Nothing was created. Put right what is listed, then try again.',
    problems,
  });
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
