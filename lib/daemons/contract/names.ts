/** Every daemon the bundle's init can run. The order is the start order: the door out comes first. */
export const DAEMON_NAMES = ['selftest', 'egress', 'pipelock'] as const;
export type DaemonName = (typeof DAEMON_NAMES)[number];

/** TCP port that each daemon listens on inside the bundle; the facts of the original keep their numbers. */
export const DAEMON_PORTS: Readonly<Record<DaemonName, number>> = {
  selftest: 9443,
  egress: 9099,
  pipelock: 8888,
};

/** CSV of daemon names that the bundle's init runs, e.g. `selftest,egress`. Unset or empty: init idles. */
export const DAEMONS_ENV = 'BOT_BOTTLE_SIDECAR_DAEMONS';

/** Slug of the bottle that the bundle belongs to; its daemons put it on what they write down. */
export const SLUG_ENV = 'BOT_BOTTLE_SLUG';
