import { readRecord, removeRecord } from '../../bottle/records.ts';
import { PHASES } from '../../phases/graph.ts';
import { contextFor } from '../../phases/run-phase.ts';

/**
 * Removes the records of what is gone, such as a crashed bundle or guest, so that make, which sees only
 * files, runs those phases again.
 * @returns the names of those phases.
 */
export async function revalidate(slug: string, signal: AbortSignal): Promise<string[]> {
  const dead = await Promise.all(
    PHASES.map(async (phase) => {
      const record = await readRecord(slug, phase.name, phase.record);
      if (record === undefined) return [];
      const context = contextFor(phase, slug, { force: false, signal, say: () => {} });
      // A failed check counts as gone.
      if (await phase.isAlive(context, record.data).catch(() => false)) return [];
      await removeRecord(slug, phase.name);
      return [phase.name];
    }),
  );
  return dead.flat();
}
