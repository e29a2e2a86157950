/**
 * Stands for the token of the host's sign-in among the host variables of `plan.egress.tokens`. It is read from the
 * sign-in's file, never from the environment.
 */
export const SIGN_IN_VARIABLE = 'BOT_BOTTLE_SIGN_IN';
