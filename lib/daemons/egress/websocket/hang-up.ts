import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the stream is closed; at once if it is. */
export function closeOf(stream: Duplex): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', resolve);
  });
}

/** Resolves when all that was written has left, or the stream is closed. */
function finishOf(stream: Duplex): Promise<void> {
  if (stream.writableFinished || stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('finish', resolve);
    stream.once('close', resolve);
  });
}

/** The first of them, or `undefined` when so many milliseconds have passed. */
export async function withinTime<Result>(
  milliseconds: number,
  ...ends: Promise<Result>[]
): Promise<Result | undefined> {
  const stop = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    return await Promise.race([late, ...ends]);
  } finally {
    stop.abort();
  }
}

export interface HangUpLimits {
  /** Milliseconds for what was written to leave. */
  readonly flushMs: number;
  /** Milliseconds for the other side to hang up too, from then on. */
  readonly lingerMs: number;
}

/** Ends a stream, reading what still comes: unread bytes would reset the connection, and undo what was written last. */
export async function hangUp(stream: Duplex, { flushMs, lingerMs }: HangUpLimits): Promise<void> {
  if (!stream.closed) {
    stream.end();
    stream.resume();
    await withinTime(flushMs, finishOf(stream));
    await withinTime(lingerMs, closeOf(stream));
  }
  stream.destroy();
}
