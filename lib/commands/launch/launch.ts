import { createBottle, type NewBottle } from '../../bottle/create.ts';
import { readMetadata, writeMetadata } from '../../bottle/metadata.ts';
import { identifyProcess } from '../../host/process-identity.ts';
import { forgetBottle, teardown } from '../../phases/teardown.ts';
import type { Plan } from '../../plan/schema.ts';

/** What a launch does through its caller: the graph is make's, the words are the script's. */
export interface LaunchSteps {
  /** Runs the phases up to `probe`, each as often as needed and as many at once as possible. */
  up(slug: string, signal: AbortSignal): Promise<void>;
  prepare(slug: string, signal: AbortSignal): Promise<Plan>;
  /** Called with the plan before anything is acquired; false ends the launch there. */
  confirm(plan: Plan): Promise<boolean>;
  attach(slug: string, signal: AbortSignal): Promise<number>;
  say(line: string): void;
}

/**
 * One bottle from nothing to nothing: prepares it, brings it up, runs the agent, and takes everything down again
 * whatever happened. Gives the agent's exit code, or 0 when the launch was not confirmed. State is kept when that
 * is not 0, when it learns, or when teardown is incomplete.
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
  let exitCode: number | undefined;
  try {
    await steps.up(slug, signal);
    signal.throwIfAborted();
    exitCode = await steps.attach(slug, signal);
  } finally {
    await endLaunch(slug, { exitCode, learns: plan.egress.learn }, steps);
  }
  return exitCode;
}

/** A bottle that never got past `prepare` and the question has nothing worth keeping. */
async function orForget<T>(slug: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await forgetBottle(slug);
    throw error;
  }
}

interface Ending {
  /** Absent when the agent never ran to its end. */
  readonly exitCode: number | undefined;
  /** Whether what the bottle was denied is still to be looked at. */
  readonly learns: boolean;
}

async function endLaunch(slug: string, { exitCode, learns }: Ending, steps: LaunchSteps): Promise<void> {
  const metadata = await readMetadata(slug);
  if (metadata === undefined) return;
  steps.say('taking everything down');
  const undone = await teardown(slug, steps.say);
  const what = undone.length === 0 ? 'there was nothing to take down' : `took down ${undone.join(', ')}`;
  if (exitCode === 0 && !learns) {
    await forgetBottle(slug);
    steps.say(`${what}; nothing is left`);
    return;
  }
  // From here on it is nobody's: kept on purpose, no orphan of this launch.
  await writeMetadata({ ...metadata, owner: null });
  steps.say(what);
  if (learns) steps.say(`see what it was denied, as routes to review: make learn BOTTLE=${slug}`);
  steps.say(`the bottle's state is kept; go on with: make up BOTTLE=${slug} && make attach BOTTLE=${slug}`);
  steps.say(`or be rid of it with: make teardown BOTTLE=${slug}`);
}
