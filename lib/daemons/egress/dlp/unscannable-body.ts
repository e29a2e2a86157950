/** A body that cannot be looked into; the message says why, for the agent. */
export class UnscannableBody extends Error {}
