import type { FrameEvent } from './frame-events.ts';

/** Bytes that are looked at at once: some milliseconds of work, between which other connections get their turn. */
export const STEP = 64 * 1024;

/**
 * Short messages that follow each other go together: looked at one by one, each with what came before it, ten thousand
 * messages of a few bytes would take seconds. Everything else is a group of its own. Groups are of up to two `STEP`.
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
