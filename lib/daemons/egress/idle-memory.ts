import { performance } from 'node:perf_hooks';

/** Milliseconds between two checks. */
export const CHECK_MS = 1_000;

/** Idle checks in a row before memory is freed. By then, unused threads have ended. */
const QUIET_CHECKS = 6;

/** An idle daemon is busy for less than this fraction of its time; a trickling stream takes more. */
const QUIET = 0.01;

/** Growth in bytes since the last time that makes it worthwhile: a collection takes 60 ms of idle time. */
const WORTHWHILE = 16 * 1024 * 1024;

/** Inputs and action of the check. The defaults are those of the process. */
export interface IdleMemoryOptions {
  /** Frees as much memory as possible. */
  readonly collect?: (() => void) | undefined;
  /** Bytes of memory in use. */
  readonly resident?: () => number;
  /** Fraction of time that the process was busy since the last call, 0 to 1. */
  readonly busy?: () => number;
}

/**
 * Frees the memory that a burst of work leaves behind once there has been no work for some seconds. V8 keeps
 * the space that it once allocated for new objects, and an agent is idle most of the time. Does nothing
 * without Node's `--expose-gc`.
 * @returns a function to call every `CHECK_MS`.
 */
export function idleMemory(options: IdleMemoryOptions = {}): () => void {
  const { collect = collector(), resident = process.memoryUsage.rss, busy = loopShare() } = options;
  let floor = resident();
  let quietChecks = 0;
  return () => {
    quietChecks = busy() < QUIET ? quietChecks + 1 : 0;
    if (quietChecks !== QUIET_CHECKS || resident() < floor + WORTHWHILE) return;
    collect?.();
    floor = resident();
  };
}

function collector(): (() => void) | undefined {
  const { gc } = globalThis;
  // An ordinary collection keeps that space, however little it holds.
  return gc && (() => gc({ type: 'major', flavor: 'last-resort' }));
}

function loopShare(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
