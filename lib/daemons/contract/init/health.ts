import * as z from 'zod';
import { DAEMON_NAMES } from '../daemons.ts';

export const daemonHealth = z.strictObject({
  name: z.enum(DAEMON_NAMES),
  state: z.enum(['starting', 'ready', 'failed', 'stopped']),
  /** Process id inside the bundle; null when not running. */
  pid: z.number().int().positive().nullable(),
  /** How often init has started it, first start included. */
  starts: z.number().int().nonnegative(),
  /** Exit code or signal name of the last end, null when it never ended. */
  lastExit: z.union([z.number().int(), z.string()]).nullable(),
});

/** `health.json`. `ready` is true when every daemon asked for accepts connections. */
export const bundleHealth = z.strictObject({ ready: z.boolean(), daemons: z.array(daemonHealth) });

export type DaemonHealth = z.infer<typeof daemonHealth>;
export type BundleHealth = z.infer<typeof bundleHealth>;
