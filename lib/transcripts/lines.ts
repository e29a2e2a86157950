import { setTimeout as sleep } from 'node:timers/promises';
import { LineSplitter } from './line-splitter.ts';
import { PIECE, type TranscriptPlace } from './place.ts';

/** A line; `text` is absent where it was too long to be read. */
export interface TranscriptLine {
  readonly text: string | undefined;
  /** Whether it ends with a line end: else it is still being written, or was cut off. */
  readonly isWhole: boolean;
}

export interface LineOptions {
  /** Whether to wait for more. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

const LONGEST_LINE = 16 * 1024 * 1024;
const POLL_MS = 2000;
/** How often in a row the guest may fail to respond before it counts as ended. */
const MOST_FAILURES = 3;

/**
 * Yields the lines of a session file, `undefined` when all so far has been yielded. Following ends when aborted, or when the
 * guest can no longer be read. @throws BottleError `guest-failed` when it cannot be read at first.
 */
export async function* transcriptLines(
  place: TranscriptPlace,
  path: string,
  { follow, signal }: LineOptions,
): AsyncGenerator<TranscriptLine | undefined> {
  const splitter = new LineSplitter(LONGEST_LINE);
  let at = 0;
  let failures = 0;
  for (let isFirst = true; ; isFirst = false) {
    for (let isMore = true; isMore; ) {
      const piece = await place.read(path, at, signal).catch((error: unknown) => {
        if (isFirst) throw error;
        return undefined;
      });
      failures = piece === undefined ? failures + 1 : 0;
      if (failures === MOST_FAILURES) return;
      at += piece?.length ?? 0;
      isMore = piece?.length === PIECE;
      for (const text of splitter.push(piece ?? Buffer.alloc(0))) yield { text, isWhole: true };
    }
    if (!follow) break;
    yield undefined;
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
  }
  const rest = splitter.end();
  if (rest !== '') yield { text: rest, isWhole: false };
}
