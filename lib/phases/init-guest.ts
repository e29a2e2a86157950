import { z } from 'zod';
import { awaitExec } from '../guest/await-exec.ts';
import { repairOwnership } from '../guest/ownership.ts';
import { SmolvmClient } from '../smolvm/client.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { startGuest } from './start-guest.ts';

const initialised = z.strictObject({
  machine: z.string(),
  /** Milliseconds from the first try until a command ran in the guest. */
  readyAfterMs: z.number().nonnegative(),
});
export type InitialisedGuest = z.infer<typeof initialised>;

/** Waits until the guest takes commands, then repairs what packing did to file ownership. In that order: a repair
 * inside the start-up race can be killed unnoticed. */
export const initGuest: Phase<InitialisedGuest> = {
  name: 'init-guest',
  summary: 'wait until the guest takes commands, then repair file ownership',
  needs: [prepare, startGuest],
  record: initialised,
  durable: false,

  async run(context) {
    const [{ smolvm, provider }, { machine }] = await readAll(context, prepare, startGuest);
    const client = new SmolvmClient(smolvm);
    const readyAfterMs = await awaitExec(client, machine, context.signal);
    await repairOwnership(client, machine, provider);
    return { machine, readyAfterMs };
  },

  async isAlive() {
    return true;
  },

  describe: ({ readyAfterMs }) =>
    `takes commands after ${(readyAfterMs / 1000).toFixed(1)} s, ownership repaired`,
};
