import * as z from 'zod';

/**
 * The protocol of egress's control socket (`CONTAINER_PATHS.egressControl`): who connects asks for the routes file to
 * be read again, and is answered with one JSON line. `generation` counts the policies that were put in force.
 */
export const reloadReply = z.discriminatedUnion('ok', [
  /** The file is in force now, as this generation. */
  z.strictObject({ ok: z.literal(true), generation: z.number().int().positive(), routes: z.number().int() }),
  /** The file is not valid; `generation` is still in force. */
  z.strictObject({ ok: z.literal(false), generation: z.number().int().nonnegative(), error: z.string() }),
]);

export type ReloadReply = z.infer<typeof reloadReply>;
