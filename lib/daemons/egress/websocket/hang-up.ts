import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the stream is closed; at once if it already is. */
export function closeOf(stream: Duplex): Promise<void> {
  if (stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', resolve);
  });
}

/** Resolves when everything that was written has been sent, or the stream is closed. */
function finishOf(stream: Duplex): Promise<void> {
  if (stream.writableFinished || stream.closed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('finish', resolve);
    stream.once('close', resolve);
  });
}

/** Resolves with the first of `ends`, or with `undefined` when the time is up. */
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
  /** Milliseconds for pending writes to be sent. */
  readonly flushMs: number;
  /** Milliseconds after that for the other side to hang up too. */
  readonly lingerMs: number;
}

/** Ends a stream but keeps reading: unread bytes would reset the connection, and the last writes be lost. */
export async function hangUp(stream: Duplex, { flushMs, lingerMs }: HangUpLimits): Promise<void> {
  if (!stream.closed) {
    stream.end();
    stream.resume();
    await withinTime(flushMs, finishOf(stream));
    await withinTime(lingerMs, closeOf(stream));
  }
  stream.destroy();
}
