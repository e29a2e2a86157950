import { pendingUndo } from '../../bottle/journal.ts';
import { readMetadata, writeMetadata } from '../../bottle/metadata.ts';
import { BottleError } from '../../errors.ts';
import { readCommitted } from '../../guest/committed.ts';
import { identifyProcess, isProcessAlive } from '../../host/process-identity.ts';
import { requireBottle } from '../../phases/running-bottle.ts';
import type { Plan } from '../../plan/schema.ts';
import { type LaunchSteps, runLaunch } from '../launch/launch.ts';

/**
 * Brings a kept bottle back under its name, with a new network, CA, keys and bundle, from its last freeze if it has one, and
 * runs the agent as a launch does.
 * @returns as `launch` does.
 * @throws BottleError `state-missing` when there is no such bottle, `usage` when it is up.
 */
export async function resume(slug: string, steps: LaunchSteps, signal: AbortSignal): Promise<number> {
  await assertKept(slug);
  const plan = await prepared(slug, steps, signal);
  if (plan === undefined) return 0;
  return runLaunch(plan, steps, signal);
}

/** Prepares the bottle anew, as this process's own. Gives it back when that fails or is not wanted. */
async function prepared(slug: string, steps: LaunchSteps, signal: AbortSignal): Promise<Plan | undefined> {
  const owner = (await identifyProcess(process.pid)) ?? null;
  await writeMetadata({ ...(await requireBottle(slug)), owner });
  try {
    const committed = await readCommitted(slug);
    steps.say(
      committed === undefined
        ? 'it was never frozen: its image and its copy of your directory are new, its conversation is not'
        : `continuing from its freeze of ${committed.at}`,
    );
    const plan = await steps.prepare(slug, signal);
    if (await steps.confirm(plan)) return plan;
    steps.say('not resumed; nothing was started');
  } catch (error) {
    await giveBack(slug);
    throw error;
  }
  await giveBack(slug);
  return undefined;
}

async function giveBack(slug: string): Promise<void> {
  const metadata = await readMetadata(slug);
  if (metadata !== undefined) await writeMetadata({ ...metadata, owner: null });
}

async function assertKept(slug: string): Promise<void> {
  const { owner, backend } = await requireBottle(slug);
  if (backend !== '' && backend !== 'smolmachines') {
    throw new BottleError(
      'usage',
      `${slug} is a bottle of the backend ${backend}, which this kit does not have`,
      {
        hint: 'Resume it with the program that made it.',
      },
    );
  }
  if (owner !== null && (await isProcessAlive(owner))) {
    throw new BottleError('usage', `${slug} runs already: process ${owner.pid} supervises it`, {
      hint: `Join it: make attach BOTTLE=${slug}`,
    });
  }
  if ((await pendingUndo(slug)).length === 0) return;
  throw new BottleError('usage', `${slug} is up already, or was not taken down`, {
    hint: `Continue in it: make up BOTTLE=${slug} && make attach BOTTLE=${slug} RESUME=1. Or take it down first: make stop BOTTLE=${slug}`,
  });
}
