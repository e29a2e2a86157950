import type { FrameEvent } from './frame-events.ts';

/** Bytes scanned at a time: some milliseconds of work, between which other connections get their turn. */
export const STEP = 64 * 1024;

/**
 * Groups consecutive short messages: scanned one by one, each with its context, ten thousand messages of a
 * few bytes would take seconds. Everything else is a group of its own. A group has up to two `STEP`.
 */
export function groupsOf(events: readonly FrameEvent[]): FrameEvent[][] {
  const groups: FrameEvent[][] = [];
  let room = 0;
  for (const event of events) {
    const isShort = event.kind === 'message' && event.data.length <= STEP;
    if (isShort && room > 0) {
      groups.at(-1)?.push(event);
      room -= event.data.length;
    } else {
      groups.push([event]);
      room = isShort ? STEP - event.data.length : 0;
    }
  }
  return groups;
}
