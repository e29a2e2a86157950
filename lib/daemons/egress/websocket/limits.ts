import { MAX_HELD } from '../outbound/held-body.ts';

/**
 * Bytes of one message. A longer one ends the connection (1009), since only a whole message can be judged.
 */
export const MAX_MESSAGE = MAX_HELD;

/** Frames of one message, and network reads for one frame: each costs memory of its own. */
export const MAX_PIECES = 16 * 1024;

/** Bytes of an unfinished message that do not count against the memory for held bodies. */
export const UNCOUNTED = 64 * 1024;

/** Pings and pongs per second, each way. Keep-alives send one every few seconds. */
export const MAX_CONTROL_RATE = 100;

/** Bytes of the previous messages that are scanned again with the next, so that no border hides a secret. */
export const TAIL = 8 * 1024;

/** Bytes of a text in which secrets are redacted; a longer one is refused. */
export const MAX_REDACTED = 1024 * 1024;

/** Milliseconds for the reply to a close frame, then for the socket to end. */
export const CLOSE_MS = 5_000;
export const LINGER_MS = 2_000;
