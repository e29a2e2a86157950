/** Time limits of init, milliseconds. */
export interface Timings {
  /** Between TERM and KILL. The original gives 8 s: below the 10 s after which `docker stop` kills everything. */
  readonly graceMs: number;
  /** Between two looks at a port that does not accept yet; short, a launch waits for this. */
  readonly pollMs: number;
  /** Wait before the first restart of a daemon that died; doubles at each death. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** A daemon that stayed ready this long starts again with the shortest backoff. */
  readonly settledMs: number;
  /** How long a requested restart may take until the port accepts. */
  readonly restartMs: number;
}

export const TIMINGS: Timings = {
  graceMs: 8000,
  pollMs: 25,
  backoffMs: 100,
  backoffMaxMs: 5000,
  settledMs: 10_000,
  restartMs: 15_000,
};
