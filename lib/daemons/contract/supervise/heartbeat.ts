import * as z from 'zod';

/** `watching.json`: written by the host for as long as somebody looks at the queue of the bottle. */
export const heartbeat = z.strictObject({
  version: z.literal(1),
  /** UTC, ISO 8601. */
  at: z.iso.datetime(),
});
export type Heartbeat = z.infer<typeof heartbeat>;

/** Milliseconds between two of them, and until the last one counts no more. */
export const HEARTBEAT_MS = 5000;
const STALE_MS = 15_000;

/** `now`: milliseconds since 1970. The clocks of host and bundle may differ a little. */
export function isFresh({ at }: Heartbeat, now: number): boolean {
  return Math.abs(now - Date.parse(at)) < STALE_MS;
}
