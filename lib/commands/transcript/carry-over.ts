import { link, lstat, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newestFirst } from '../../transcripts/place.ts';
import { statePlace } from '../../transcripts/state-place.ts';

export interface Room {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Adds to a new transcript what the last one has newer, or alone: a guest may have lost sessions, or was never given them.
 * The newest come first, as far as there is room.
 */
export async function carryOver(last: string, fresh: string, room: Room, signal: AbortSignal): Promise<void> {
  let { bytes, files } = room;
  for (const file of newestFirst(await statePlace(last).list(signal))) {
    signal.throwIfAborted();
    const target = join(fresh, file.path);
    const there = await lstat(target).catch(() => undefined);
    if (there !== undefined && there.mtimeMs >= file.modified) continue;
    if (file.bytes > bytes || files === 0) continue;
    bytes -= file.bytes;
    files -= 1;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rm(target, { force: true });
    // Neither is written to any more.
    await link(join(last, file.path), target);
  }
}
