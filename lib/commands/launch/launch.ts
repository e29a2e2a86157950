import { createBottle, type NewBottle } from '../../bottle/create.ts';
import { readMetadata, writeMetadata } from '../../bottle/metadata.ts';
import { BottleError } from '../../errors.ts';
import { readCommitted } from '../../guest/committed.ts';
import { undisturbed } from '../../host/interruption.ts';
import { identifyProcess } from '../../host/process-identity.ts';
import { removeByName } from '../../phases/remove-by-name.ts';
import { forgetBottle, teardown } from '../../phases/teardown.ts';
import type { Plan } from '../../plan/schema.ts';
import { awaitOtherSessions } from '../../sessions/await-others.ts';
import { saveWork } from '../fetch/save-work.ts';
import { saveTranscript } from '../transcript/save-transcript.ts';

/** The steps that the caller provides: the script runs make and prints messages. */
export interface LaunchSteps {
  /** Runs the phases up to `probe`, concurrently where possible. */
  up(slug: string, signal: AbortSignal): Promise<void>;
  prepare(slug: string, signal: AbortSignal): Promise<Plan>;
  /** Called with the plan before anything is acquired; false ends the launch. */
  confirm(plan: Plan): Promise<boolean>;
  attach(slug: string, signal: AbortSignal): Promise<number>;
  /** In place of `attach`: starts a session in another process, which becomes the bottle's owner. */
  detach?: ((plan: Plan) => Promise<void>) | undefined;
  say(line: string): void;
}

/**
 * Launches one bottle: prepares it, brings it up, runs the agent, and always takes everything down. State is
 * kept when the exit code is not 0, when the bottle learns, was frozen or is to be kept, or when teardown is incomplete. Other sessions of the bottle
 * end first.
 * @returns the agent's exit code, or 0 when the launch was not confirmed, or goes on in another process.
 */
export async function launch(
  request: Omit<NewBottle, 'owner'>,
  steps: LaunchSteps,
  signal: AbortSignal,
): Promise<number> {
  const slug = await createBottle({ ...request, owner: (await identifyProcess(process.pid)) ?? null });
  const plan = await orForget(slug, () => steps.prepare(slug, signal));
  if (!(await orForget(slug, () => steps.confirm(plan)))) {
    await forgetBottle(slug);
    steps.say('not launched; nothing was started');
    return 0;
  }
  return runLaunch(plan, steps, signal);
}

/**
 * Brings a prepared bottle up, runs the agent, and always takes everything down.
 * @returns as `launch` does.
 */
export async function runLaunch(plan: Plan, steps: LaunchSteps, signal: AbortSignal): Promise<number> {
  const { slug } = plan;
  let exitCode: number | undefined;
  let isHandedOver = false;
  try {
    await steps.up(slug, signal);
    signal.throwIfAborted();
    await steps.detach?.(plan);
    isHandedOver = steps.detach !== undefined;
    exitCode = isHandedOver ? 0 : await steps.attach(slug, signal);
  } finally {
    if (!isHandedOver) {
      await awaitOtherSessions(slug, signal, steps.say);
      if ((await readMetadata(slug)) === undefined) await endWithoutState(plan, steps);
      await endLaunch(slug, { exitCode, learns: plan.egress.learn }, steps);
    }
  }
  return exitCode;
}

/** Somebody has removed the bottle's directory, and with it the journal. @throws BottleError `state-missing`, always. */
async function endWithoutState(plan: Plan, steps: Pick<LaunchSteps, 'say'>): Promise<never> {
  steps.say('its state directory was removed while it ran: removing what it had, by name');
  const removed = await undisturbed(() => removeByName(plan));
  // Logs and locks of this launch have made it again.
  await forgetBottle(plan.slug);
  throw new BottleError(
    'state-missing',
    `the state directory of ${plan.slug} was removed while it ran; took down ${removed.join(', ')}`,
    {
      hint: 'Work that was not fetched before is lost. To end a bottle, use `make stop` or `make teardown`.',
    },
  );
}

/** Removes the bottle's state when `work` fails, since there is nothing worth keeping before `up`. */
async function orForget<T>(slug: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await forgetBottle(slug);
    throw error;
  }
}

export interface Ending {
  /** Undefined when the agent did not run to completion. */
  readonly exitCode: number | undefined;
  /** Whether to keep the state for `make learn`. */
  readonly learns: boolean;
}

/** Takes the bottle down, and keeps or removes its state. */
export function endLaunch(slug: string, ending: Ending, steps: Pick<LaunchSteps, 'say'>): Promise<void> {
  return undisturbed(() => end(slug, ending, steps));
}

async function end(
  slug: string,
  { exitCode, learns }: Ending,
  steps: Pick<LaunchSteps, 'say'>,
): Promise<void> {
  const metadata = await readMetadata(slug);
  if (metadata === undefined) return;
  // Without an owner, the bottle counts as kept on purpose, not as an orphan of this launch.
  const keep = async () => writeMetadata({ ...((await readMetadata(slug)) ?? metadata), owner: null });
  try {
    await saveWork(slug, steps.say);
  } catch (error) {
    await keep();
    throw error;
  }
  await saveTranscript(slug, steps.say);
  steps.say('taking everything down');
  const undone = await teardown(slug, steps.say);
  const what = undone.length === 0 ? 'nothing to take down' : `took down ${undone.join(', ')}`;
  const isWanted = exitCode !== 0 || learns || (await readCommitted(slug)) !== undefined;
  // It may have been said while the agent ran.
  const { kept = isWanted } = (await readMetadata(slug)) ?? {};
  if (!kept) {
    await forgetBottle(slug);
    steps.say(`${what}; nothing is left`);
    return;
  }
  await keep();
  steps.say(what);
  if (learns) steps.say(`to review what it was denied, as routes: make learn BOTTLE=${slug}`);
  steps.say(`the bottle's state was kept; to continue: make resume BOTTLE=${slug}`);
  steps.say(`to remove it: make teardown BOTTLE=${slug}`);
}
