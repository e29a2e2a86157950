/** Directory of the queue, see `queue-files.ts`. */
export const QUEUE_DIR_ENV = 'SUPERVISE_QUEUE_DIR';

/** Slug of the bottle that proposals are made for. */
export const QUEUE_SLUG_ENV = 'SUPERVISE_BOTTLE_SLUG';

/** TCP port to listen on, the daemon's own. */
export const SUPERVISE_PORT_ENV = 'SUPERVISE_PORT';

/** Unix socket on which the daemon takes questions of egress, see `held.ts`. */
export const SUPERVISE_CONTROL_ENV = 'SUPERVISE_CONTROL';

/** On the host and in the bundle: `deny` answers every proposal at once with a refusal, since nobody is there to decide. */
export const SUPERVISE_MODE_ENV = 'BOT_BOTTLE_SUPERVISE';
