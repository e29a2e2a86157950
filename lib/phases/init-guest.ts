import { z } from 'zod';
import { awaitExec } from '../guest/await-exec.ts';
import { Bottle } from '../guest/bottle.ts';
import { directoryScript } from '../guest/directory.ts';
import { HOSTS_SCRIPT } from '../guest/hosts.ts';
import { ownershipScript, repairedAfterPacking } from '../guest/ownership.ts';
import { toolReference } from '../guest/tool-image.ts';
import { updateTool } from '../guest/update-tool.ts';
import type { Plan } from '../plan/schema.ts';
import { type AgentImage, buildImage } from './build-image.ts';
import { type Phase, readAll } from './phase.ts';
import { prepare } from './prepare.ts';
import { startGuest } from './start-guest.ts';

const initialized = z.strictObject({
  machine: z.string(),
  /** Milliseconds from the first try until a command ran in the guest. */
  readyAfterMs: z.number().nonnegative(),
});
export type InitializedGuest = z.infer<typeof initialized>;

/**
 * Waits until the guest accepts commands, then repairs the file ownership that packing changed, and makes local
 * names resolve. A repair during start-up could be killed unnoticed.
 */
export const initGuest: Phase<InitializedGuest> = {
  name: 'init-guest',
  summary: 'wait until the guest accepts commands, then repair file ownership and local names',
  needs: [prepare, buildImage, startGuest],
  record: initialized,
  durable: false,

  async run(context) {
    const [plan, image, { machine }] = await readAll(context, prepare, buildImage, startGuest);
    const { agent, tool } = image;
    const bottle = new Bottle(plan, agent);
    const readyAfterMs = await awaitExec(bottle, context.signal);
    if (tool !== undefined && tool !== (await toolReference())) {
      context.say('the guest was frozen with another version of the kit: replacing its tool');
      await updateTool(bottle, context);
    }
    // One script, since each exec soon after start may be killed.
    const script = [
      'set -e',
      ownershipScript(agent, markOf(plan, image)),
      HOSTS_SCRIPT,
      directoryScript(agent),
    ].join('\n');
    await bottle.runScript('preparing the guest', script);
    return { machine, readyAfterMs };
  },

  async isAlive() {
    return true;
  },

  describe: ({ readyAfterMs }) =>
    `accepts commands after ${(readyAfterMs / 1000).toFixed(1)} s, ownership repaired`,
};

/** The archive of a freeze keeps owners and its mark; packing it for the other tier loses the owners alone. */
function markOf({ smolvm }: Plan, { committed, boot }: AgentImage): string | undefined {
  return committed?.kind === 'archive' && smolvm.tier === 'alias' ? repairedAfterPacking(boot.id) : undefined;
}
