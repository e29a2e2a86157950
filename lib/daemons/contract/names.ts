/** CSV of daemon names that the bundle's init runs, e.g. `selftest,egress`. Unset or empty: init idles. */
export const DAEMONS_ENV = 'BOT_BOTTLE_SIDECAR_DAEMONS';

/** Slug of the bottle that the bundle belongs to; its daemons put it on what they write down. */
export const SLUG_ENV = 'BOT_BOTTLE_SLUG';
