import { userInfo } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { bottlePaths } from '../bottle/paths.ts';
import {
  type Decision,
  fits,
  type Verdict,
  verdict as verdictSchema,
} from '../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import { proposalId } from '../daemons/contract/supervise/proposal-id.ts';
import { decisionFile, setAside, writeQueueFile } from '../daemons/contract/supervise/queue-files.ts';
import { readDecision, readProposal } from '../daemons/contract/supervise/read-queue.ts';
import { BottleError } from '../errors.ts';
import { isExpired } from './queues.ts';

/**
 * @throws BottleError `usage` for what is no id, `state-missing` when the bottle has no such proposal, or `state-corrupt`
 * when it cannot be used.
 */
export async function requireProposal(bottle: string, id: string): Promise<Proposal> {
  if (!proposalId.safeParse(id).success) {
    throw new BottleError('usage', `'${id}' is no id of a proposal`, {
      hint: 'An id is like p-0r3k7m; `make supervise ONCE=1` lists them.',
    });
  }
  const found = await readProposal(bottlePaths.superviseQueue(bottle), bottle, id);
  if (found === undefined) {
    throw new BottleError('state-missing', `${bottle} has no proposal ${id}`, {
      hint: '`make supervise ONCE=1` lists what is pending.',
    });
  }
  if ('value' in found) return found.value;
  throw new BottleError('state-corrupt', `the proposal ${id} of ${bottle} cannot be used: ${found.fault}`, {
    hint: 'Nothing was decided. The bundle wrote this file: look at it before you trust the bottle.',
  });
}

/**
 * Decides about a proposal, once and for all: of several who decide at the same time, one wins.
 * @param shown what the person was shown; a proposal that has changed since is not decided.
 * @throws BottleError `state-missing`, `state-corrupt`, or `decision-refused` when it was decided before, has expired,
 * has changed, or cannot be decided so.
 */
export async function decide(shown: Proposal, given: Verdict): Promise<Decision> {
  const { bottle, id } = shown;
  const directory = bottlePaths.superviseQueue(bottle);
  const current = await requireProposal(bottle, id);
  assertDecidable(current, shown, given);
  const before = await readDecision(directory, current);
  // What is no decision must not keep anybody from deciding.
  if (before !== undefined && 'fault' in before) await setAside(directory, decisionFile(id));
  const decided = new Date().toISOString();
  const decision: Decision = { version: 1, id, decided, by: hostUser(), verdict: verdictSchema.parse(given) };
  if (await writeQueueFile(directory, decisionFile(id), decision)) return decision;
  const winner = await readDecision(directory, current);
  throw refused(`${id} was decided before: ${describe(winner)}`);
}

function assertDecidable(current: Proposal, shown: Proposal, given: Verdict): void {
  const { id, request } = current;
  if (!isDeepStrictEqual(request, shown.request)) throw refused(`${id} has changed since it was shown`);
  if (isExpired(current, Date.now())) throw refused(`${id} expired at ${current.expires}`);
  if (given.state !== 'expired' && fits(request.kind, given)) return;
  throw refused(`${id} is of the kind ${request.kind}, which cannot be ${given.state}`);
}

function describe(found: Awaited<ReturnType<typeof readDecision>>): string {
  if (found === undefined || 'fault' in found) return 'by somebody else';
  const { by, verdict, decided } = found.value;
  return `${verdict.state}${by === null ? '' : ` by ${by}`} at ${decided}`;
}

function refused(message: string): BottleError {
  return new BottleError('decision-refused', message, {
    hint: 'Nothing was changed. `make supervise ONCE=1` lists what is pending.',
  });
}

/** Who decides. A user without a name in the system is known by number. */
function hostUser(): string {
  try {
    return userInfo().username.slice(0, 64);
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
