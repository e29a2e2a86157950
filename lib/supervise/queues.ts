import { listBottles } from '../bottle/list.ts';
import { bottlePaths } from '../bottle/paths.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import { readQueue } from '../daemons/contract/supervise/read-queue.ts';
import { messageOf } from '../errors.ts';

/** What waits for a person in one bottle. */
export interface PendingOfBottle {
  readonly bottle: string;
  /** Without a decision, and not expired; oldest first. */
  readonly pending: readonly Proposal[];
  /** Files in its queue that cannot be used, and what else is wrong with it; each name and text is the bundle's. */
  readonly problems: readonly string[];
}

/** What is shown of one bottle; its daemon lets fewer wait. */
const MAX_PENDING = 100;

/**
 * Reads the queues of the bottles given, or of all. Only files are read, so a bottle that is down or hangs takes no
 * longer than others; what is wrong with one queue is reported beside the others.
 */
export async function pendingProposals(
  bottles?: readonly string[],
  now = Date.now(),
): Promise<PendingOfBottle[]> {
  return await Promise.all((bottles ?? (await listBottles())).map((bottle) => pendingOf(bottle, now)));
}

async function pendingOf(bottle: string, now: number): Promise<PendingOfBottle> {
  try {
    const { entries, unusable } = await readQueue(bottlePaths.superviseQueue(bottle), bottle);
    const open = entries.filter(
      ({ decision, proposal }) => decision === undefined && !isExpired(proposal, now),
    );
    return {
      bottle,
      pending: open.slice(0, MAX_PENDING).map(({ proposal }) => proposal),
      problems: [
        ...unusable
          .slice(0, MAX_PENDING)
          .map(({ name, fault }) => (name === '' ? fault : `${name}: ${fault}`)),
        ...unshown(open.length - MAX_PENDING),
      ],
    };
  } catch (error) {
    return { bottle, pending: [], problems: [messageOf(error)] };
  }
}

function unshown(count: number): string[] {
  return count > 0
    ? [`${count} more proposals wait, which no daemon of the kit would let in; they are not shown`]
    : [];
}

/** `now`: milliseconds since 1970. */
export function isExpired({ expires }: Proposal, now: number): boolean {
  return now >= Date.parse(expires);
}
