import { performance } from 'node:perf_hooks';

/** Milliseconds between two looks, and looks in a row that must find nobody at work: threads have ended by then. */
export const LOOK_MS = 1_000;
const QUIET_LOOKS = 6;

/** Share of its time that an idle daemon works; a stream that trickles is more. */
const QUIET = 0.01;

/** Bytes that must have come on since the last time: a collection takes 60 ms of nobody's time. */
const WORTHWHILE = 16 * 1024 * 1024;

/** What it is to be told by, and to do; the process's own where absent. */
export interface IdleMemoryOptions {
  /** Gives back all memory that can be spared. */
  readonly collect?: (() => void) | undefined;
  /** Bytes of memory in use. */
  readonly resident?: () => number;
  /** Share of its time that the process worked since the last call, 0 to 1. */
  readonly busy?: () => number;
}

/**
 * Gives back what a burst of work has left, once nobody has asked anything for some seconds: V8 keeps the room that it
 * once made for new objects, and an agent thinks longer than it asks. Does nothing without Node's `--expose-gc`.
 * @returns what is to be called every `LOOK_MS`.
 */
export function idleMemory(options: IdleMemoryOptions = {}): () => void {
  const { collect = collector(), resident = process.memoryUsage.rss, busy = loopShare() } = options;
  let floor = resident();
  let quietLooks = 0;
  return () => {
    quietLooks = busy() < QUIET ? quietLooks + 1 : 0;
    if (quietLooks !== QUIET_LOOKS || resident() < floor + WORTHWHILE) return;
    collect?.();
    floor = resident();
  };
}

function collector(): (() => void) | undefined {
  const { gc } = globalThis;
  // An ordinary collection keeps that room, however little is in it.
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
