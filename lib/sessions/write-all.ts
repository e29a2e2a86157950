import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves when a stream takes more without waiting, or takes nothing any more. */
export async function drained(stream: Writable): Promise<void> {
  if (!stream.writableNeedDrain || stream.destroyed) return;
  const over = new AbortController();
  const waits = ['drain', 'close'].map((event) => once(stream, event, { signal: over.signal }));
  // A stream that fails, such as a terminal that was closed, has no reader to wait for.
  await Promise.race(waits).catch(() => {});
  over.abort();
}

/** Writes at the pace of the reader. Drops what a stream that has ended cannot take. */
export async function writeAll(stream: Writable, bytes: Buffer): Promise<void> {
  if (stream.writable && !stream.write(bytes)) await drained(stream);
}
