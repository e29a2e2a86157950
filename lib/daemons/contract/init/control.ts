import * as z from 'zod';
import { DAEMON_NAMES } from '../daemons.ts';

/**
 * The protocol of init's control socket (`CONTAINER_PATHS.control`): the client sends one JSON line of at most
 * `CONTROL_LINE_BYTES`, init answers with one JSON line and closes. What does not parse is answered `ok: false`.
 */
export const controlRequest = z.strictObject({
  /** Stop this daemon (TERM, grace, KILL), start it again, answer when it accepts connections. */
  restart: z.enum(DAEMON_NAMES),
});

export const controlReply = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    restarted: z.enum(DAEMON_NAMES),
    /** Process id of the new process inside the bundle. */
    pid: z.number().int().positive(),
  }),
  z.strictObject({ ok: z.literal(false), error: z.string() }),
]);

/** Bytes; a request is far shorter, so a longer line is a client that is lost. */
export const CONTROL_LINE_BYTES = 1024;

export type ControlRequest = z.infer<typeof controlRequest>;
export type ControlReply = z.infer<typeof controlReply>;
