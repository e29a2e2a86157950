/** Exit code of each error family. Any other exit code of a launch is the agent's own. */
export const EXIT_CODES = {
  usage: 2,
  manifest: 65,
  preflight: 69,
  internal: 70,
  engine: 71,
  guest: 72,
  bundle: 73,
  teardown: 74,
  workspace: 75,
  forge: 76,
  confinement: 77,
  revocation: 78,
} as const;

export type ErrorFamily = keyof typeof EXIT_CODES;

/** Every error code, with the family that determines its exit code. */
const FAMILY_OF = {
  usage: 'usage',
  'label-taken': 'usage',
  /** A proposal was decided before, has lapsed, or cannot be decided so. */
  'decision-refused': 'usage',
  /** A grant could not be put in force, and was taken back. */
  'policy-not-loaded': 'bundle',
  'manifest-invalid': 'manifest',
  'agent-unknown': 'manifest',
  'bottle-unknown': 'manifest',
  'provider-invalid': 'manifest',
  'skill-missing': 'preflight',
  'skill-unusable': 'preflight',
  'key-unusable': 'preflight',
  'variable-missing': 'preflight',
  'env-file-unusable': 'preflight',
  'credentials-unusable': 'preflight',
  'smolvm-missing': 'preflight',
  'smolvm-unsupported': 'preflight',
  'kvm-unusable': 'preflight',
  'engine-missing': 'preflight',
  'disk-full': 'preflight',
  /** A file or directory of the kit cannot be used as it is. */
  'path-unusable': 'preflight',
  /** Addresses of this machine that only its administrator can add. */
  'aliases-missing': 'preflight',
  'state-missing': 'preflight',
  'state-corrupt': 'internal',
  'engine-failed': 'engine',
  'image-unavailable': 'engine',
  'image-unusable': 'engine',
  'aliases-exhausted': 'engine',
  'subnets-exhausted': 'engine',
  'pack-failed': 'guest',
  'guest-failed': 'guest',
  'guest-not-ready': 'guest',
  'guest-died': 'guest',
  /** The host's git, or a repository. */
  'git-failed': 'workspace',
  /** What comes from a guest is not what it should be. */
  'work-refused': 'workspace',
  /** Some files were left as they are, since the operator has changed them. */
  'work-conflicts': 'workspace',
  /** Work of the agent may be in the guest alone. */
  'work-unsaved': 'workspace',
  'bundle-failed': 'bundle',
  'bundle-not-ready': 'bundle',
  /** A forge refuses a request about deploy keys, or cannot be reached. */
  'forge-failed': 'forge',
  'confinement-breached': 'confinement',
  'teardown-incomplete': 'teardown',
  /** A deploy key may still give access, although its bottle is down. */
  'key-not-revoked': 'revocation',
  interrupted: 'internal',
  internal: 'internal',
} as const satisfies Record<string, ErrorFamily>;

export type ErrorCode = keyof typeof FAMILY_OF;

/**
 * Returns a code of the family that an exit code stands for; `internal` for any other number. Of preflight's, the one that a
 * phase has when it cannot say more.
 */
export function codeOfExit(exitCode: number): ErrorCode {
  if (exitCode === EXIT_CODES.preflight) return 'disk-full';
  const family = Object.entries(EXIT_CODES).find(([, code]) => code === exitCode)?.[0];
  const code = Object.entries(FAMILY_OF).find(([, of]) => of === family)?.[0];
  return (code as ErrorCode | undefined) ?? 'internal';
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(FAMILY_OF, text);
}

export interface BottleErrorOptions {
  /** What the user can do about it: one imperative sentence. */
  hint?: string;
  cause?: unknown;
  /** The errors that this one summarizes, each with its own hint. */
  problems?: readonly BottleError[];
}

/** The kit's only error class. The message names the file, key, option or variable at fault. */
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

/**
 * Combines problems, most fundamental first, into one error with the code of the first. Returns a single one
 * as is.
 */
export function errorOfProblems(problems: readonly [BottleError, ...BottleError[]]): BottleError {
  const [first] = problems;
  if (problems.length === 1) return first;
  return new BottleError(first.code, `${problems.length} problems prevent this launch`, {
    hint: 'Nothing was created. Fix the problems listed above, then try again.',
    problems,
  });
}

/** Returns the message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
