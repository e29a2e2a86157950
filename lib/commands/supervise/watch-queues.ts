import { setTimeout as sleep } from 'node:timers/promises';
import { listBottles } from '../../bottle/list.ts';
import { HEARTBEAT_MS } from '../../daemons/contract/supervise/heartbeat.ts';
import { messageOf } from '../../errors.ts';
import { recordQueue } from '../../supervise/audit.ts';
import { type PendingOfBottle, pendingProposals } from '../../supervise/queues.ts';
import { beat, stopBeating } from '../../supervise/watch.ts';
import { chooseNotifier, type Notifier } from './notifier.ts';
import { NewsTeller } from './tell-news.ts';

/** How queues are watched. The default is that of a person who looks at them. */
export interface Watching {
  /** Tells the person of what comes. */
  readonly notifier: Notifier;
  /** Whether agents are told that somebody watches. */
  readonly isWatched: boolean;
  /** Whether what is pending already is told as well: nothing shows it. */
  readonly tellsAll: boolean;
  /** Milliseconds between two looks. */
  readonly lookMs: number;
}

/**
 * Yields what is pending, now and whenever it has changed, until the signal aborts; meanwhile agents are told that
 * somebody watches, the person is told of what comes, and the audit is written. Bottles that are launched later are
 * watched too; what fails for one is among its problems.
 */
export async function* watchQueues(
  bottles: readonly string[] | undefined,
  signal: AbortSignal,
  watching?: Watching,
): AsyncGenerator<PendingOfBottle[]> {
  const beaten = new Set<string>();
  const { notifier, isWatched, tellsAll, lookMs } = watching ?? (await asPerson());
  const teller = new NewsTeller(notifier);
  if (tellsAll) teller.look([]);
  let faults = new Map<string, string>();
  let nextBeat = 0;
  let last = '';
  try {
    while (!signal.aborted) {
      if (performance.now() >= nextBeat) {
        const watched = bottles ?? (await listBottles());
        if (isWatched) for (const bottle of watched) beaten.add(bottle);
        faults = await attend(watched, isWatched);
        nextBeat = performance.now() + HEARTBEAT_MS;
      }
      const found = (await pendingProposals(bottles)).map((one) => withFault(one, faults));
      teller.look(found);
      const text = JSON.stringify(found);
      if (text !== last) yield found;
      last = text;
      await sleep(lookMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    teller.close();
    await Promise.all([...beaten].map(stopBeating));
  }
}

async function asPerson(): Promise<Watching> {
  return { notifier: await chooseNotifier(ring), isWatched: true, tellsAll: false, lookMs: 150 };
}

/** Tells each bottle's agent that somebody watches, if so, and writes its audit. @returns what failed, by bottle. */
async function attend(bottles: readonly string[], isWatched: boolean): Promise<Map<string, string>> {
  const faults = new Map<string, string>();
  await Promise.all(
    bottles.map(async (bottle) => {
      try {
        if (isWatched) await beat(bottle);
        await recordQueue(bottle);
      } catch (error) {
        faults.set(bottle, messageOf(error));
      }
    }),
  );
  return faults;
}

function withFault(found: PendingOfBottle, faults: ReadonlyMap<string, string>): PendingOfBottle {
  const fault = faults.get(found.bottle);
  return fault === undefined ? found : { ...found, problems: [...found.problems, fault] };
}

function ring(): void {
  const stream = [process.stderr, process.stdout].find(({ isTTY }) => isTTY);
  stream?.write('\u0007');
}
