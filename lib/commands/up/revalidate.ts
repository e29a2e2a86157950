import { readRecord, removeRecord } from '../../bottle/records.ts';
import { PHASES } from '../../phases/graph.ts';
import { contextFor } from '../../phases/run-phase.ts';

/**
 * Removes the records of things that are gone (a bundle that crashed, a guest that died), so that `make`, which
 * sees files alone, makes them again. Gives the names of those phases.
 */
export async function revalidate(slug: string, signal: AbortSignal): Promise<string[]> {
  const dead = await Promise.all(
    PHASES.map(async (phase) => {
      const record = await readRecord(slug, phase.name, phase.record);
      if (record === undefined) return [];
      const context = contextFor(phase, slug, { force: false, signal, say: () => {} });
      // What cannot be asked cannot be relied on.
      if (await phase.isAlive(context, record.data).catch(() => false)) return [];
      await removeRecord(slug, phase.name);
      return [phase.name];
    }),
  );
  return dead.flat();
}
