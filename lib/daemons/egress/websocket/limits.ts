import { MAX_HELD } from '../outbound/held-body.ts';

/** Bytes of one message; a longer one ends the connection (1009), as only a whole message can be judged. */
export const MAX_MESSAGE = MAX_HELD;

/** Frames of one message, and reads from the network that one frame may take: each costs memory of its own. */
export const MAX_PIECES = 16 * 1024;

/** Bytes of an unfinished message that are not counted in the memory for held bodies. */
export const UNCOUNTED = 64 * 1024;

/** Pings and pongs a second, each way; keep-alives send one in seconds. */
export const MAX_CONTROL_RATE = 100;

/** Bytes of the messages before that are scanned again with the next, so that no border hides a secret. */
export const TAIL = 8 * 1024;

/** Bytes of a text that secrets are cut out of; in a longer one they are refused. */
export const MAX_REDACTED = 1024 * 1024;

/** Milliseconds for the answer to a close frame, then for the socket's own end. */
export const CLOSE_MS = 5_000;
export const LINGER_MS = 2_000;
