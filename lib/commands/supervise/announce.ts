import { readRecord } from '../../bottle/records.ts';
import type { Proposal } from '../../daemons/contract/supervise/proposal.ts';
import { type Plan, planSchema } from '../../plan/schema.ts';
import { findNotifier } from './notifier.ts';
import { summaryOf } from './proposal-text.ts';
import { watchQueues } from './watch-queues.ts';

/** Milliseconds between two looks: the person has something else before them. */
const LOOK_MS = 1000;

/** Lines that one session says at most, and characters of what is asked. */
const MAX_LINES = 100;
const MAX_TEXT = 200;

/**
 * Runs a session of a bottle, and tells the person meanwhile what its agent asks for: by their own program or the
 * desktop, and by lines where no agent has the terminal. Only who is told by a program counts as somebody who watches.
 * @param say prints a line; absent where the agent has the terminal, into which nothing is written.
 */
export async function announcing<T>(
  bottle: string,
  say: ((line: string) => void) | undefined,
  session: () => Promise<T>,
): Promise<T> {
  const plan = (await readRecord(bottle, 'prepare', planSchema))?.data;
  if (!mayAsk(plan)) return session();
  const ended = new AbortController();
  const announced = announce(bottle, say, ended.signal);
  try {
    return await session();
  } finally {
    ended.abort();
    await announced;
  }
}

function mayAsk(plan: Plan | undefined): boolean {
  return plan?.daemons.includes('supervise') === true && plan.superviseMode !== 'deny';
}

/** Never throws: a session does not end because nobody can be told. */
async function announce(
  bottle: string,
  say: ((line: string) => void) | undefined,
  signal: AbortSignal,
): Promise<void> {
  const program = await findNotifier(() => {});
  const notifier = program ?? (async () => {});
  const watching = { notifier, isWatched: program !== undefined, tellsAll: true, lookMs: LOOK_MS };
  const said = new Set<string>();
  try {
    for await (const found of watchQueues([bottle], signal, watching)) {
      for (const proposal of found.flatMap(({ pending }) => pending)) {
        if (said.has(proposal.id) || said.size >= MAX_LINES) continue;
        said.add(proposal.id);
        say?.(announcement(proposal));
      }
    }
  } catch {
    // What is pending is in the queue, and in `make supervise`.
  }
}

function announcement({ bottle, id, request }: Proposal): string {
  const text = [...summaryOf(request)].slice(0, MAX_TEXT).join('');
  if (request.kind === 'notify') return `the agent says: ${text}`;
  const answer = request.kind === 'ask' ? ' ANSWER=…' : '';
  return `the agent asks (${request.kind}): ${text}\nto decide, in another terminal: make approve BOTTLE=${bottle} ID=${id}${answer}, or make reject`;
}
