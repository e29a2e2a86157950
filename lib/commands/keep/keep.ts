import { pendingUndo } from '../../bottle/journal.ts';
import { writeMetadata } from '../../bottle/metadata.ts';
import { requireBottle } from '../../phases/running-bottle.ts';
import { forgetBottle } from '../../phases/teardown.ts';

/** Keeps a bottle's state at its end, whatever the agent's exit code. @throws BottleError `state-missing` */
export async function keep(slug: string): Promise<void> {
  await writeMetadata({ ...(await requireBottle(slug)), kept: true });
}

/**
 * Removes the state of a bottle that is down. That of one that is up goes at its end, whatever the agent's exit code.
 * @returns whether it is gone.
 * @throws BottleError `state-missing`
 */
export async function forget(slug: string): Promise<boolean> {
  const metadata = await requireBottle(slug);
  if (metadata.owner !== null || (await pendingUndo(slug)).length > 0) {
    await writeMetadata({ ...metadata, kept: false });
    return false;
  }
  await forgetBottle(slug);
  return true;
}
