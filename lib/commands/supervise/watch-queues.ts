import { setTimeout as sleep } from 'node:timers/promises';
import { listBottles } from '../../bottle/list.ts';
import { HEARTBEAT_MS } from '../../daemons/contract/supervise/heartbeat.ts';
import { type PendingOfBottle, pendingProposals } from '../../supervise/queues.ts';
import { beat, stopBeating } from '../../supervise/watch.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 150;

/**
 * Yields what is pending, now and whenever it has changed, until the signal aborts; meanwhile agents are told that
 * somebody watches. Bottles that are launched later are watched too.
 */
export async function* watchQueues(
  bottles: readonly string[] | undefined,
  signal: AbortSignal,
): AsyncGenerator<PendingOfBottle[]> {
  const beaten = new Set<string>();
  let nextBeat = 0;
  let last = '';
  try {
    while (!signal.aborted) {
      if (performance.now() >= nextBeat) {
        for (const bottle of bottles ?? (await listBottles())) {
          await beat(bottle);
          beaten.add(bottle);
        }
        nextBeat = performance.now() + HEARTBEAT_MS;
      }
      const found = await pendingProposals(bottles);
      const text = JSON.stringify(found);
      if (text !== last) yield found;
      last = text;
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await Promise.all([...beaten].map(stopBeating));
  }
}
