import type { Random } from '../random.ts';

/** Makes one input and checks the claims about it. @throws Error naming the failed claim and the input. */
export type Target = (random: Random) => void | Promise<void>;
