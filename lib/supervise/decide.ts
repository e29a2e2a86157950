import { isDeepStrictEqual } from 'node:util';
import { bottlePaths } from '../bottle/paths.ts';
import {
  type Decision,
  fits,
  type Verdict,
  verdict as verdictSchema,
} from '../daemons/contract/supervise/decision.ts';
import { MAX_ANSWER } from '../daemons/contract/supervise/limits.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import { proposalId } from '../daemons/contract/supervise/proposal-id.ts';
import { decisionFile, setAside, writeQueueFile } from '../daemons/contract/supervise/queue-files.ts';
import { readDecision, readProposal } from '../daemons/contract/supervise/read-queue.ts';
import { BottleError } from '../errors.ts';
import { withPolicyLock } from './bottle-policy.ts';
import { hostUser } from './host-user.ts';
import { recover } from './put-in-force.ts';
import { isExpired } from './queues.ts';
import { recorded } from './recorded.ts';
import { refused } from './refused.ts';
import { takeEffect } from './take-effect.ts';

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
 * Decides about a proposal, once and for all: of several who decide at the same time, one wins. A route that is allowed is
 * put in force first, and only then is the agent told.
 * @param shown what the person was shown; a proposal that has changed since is not decided.
 * @param version of the policy that was shown with it, see `policyChange`.
 * @throws BottleError `state-missing`, `state-corrupt`, `decision-refused` when it was decided before, has expired, has
 * changed, or cannot be decided so, or `policy-not-loaded` when it could not be put in force, which the agent is told.
 */
export async function decide(shown: Proposal, given: Verdict, version?: string): Promise<Decision> {
  return await withPolicyLock(shown.bottle, () =>
    recorded(shown, given, () => decideLocked(shown, verdictSchema.parse(given), version)),
  );
}

async function decideLocked(shown: Proposal, given: Verdict, version: string | undefined): Promise<Decision> {
  const { bottle, id } = shown;
  const directory = bottlePaths.superviseQueue(bottle);
  const current = await requireProposal(bottle, id);
  assertDecidable(current, shown, given);
  const before = await readDecision(directory, current);
  // What is no decision must not keep anybody from deciding.
  if (before !== undefined && 'fault' in before) await setAside(directory, decisionFile(id));
  else if (before !== undefined) throw decidedBefore(id, before);
  await recover(bottle);
  const effect = await takeEffect(current, given, version).catch(async (error: unknown) => {
    if (error instanceof BottleError && error.code === 'policy-not-loaded')
      await write(current, { state: 'failed', reason: error.message.slice(0, MAX_ANSWER) });
    throw error;
  });
  const decision = await write(current, effect.verdict);
  if (decision !== undefined) {
    await effect.keep();
    return decision;
  }
  // It expired meanwhile: the daemon decides that without the lock.
  await effect.takeBack();
  throw decidedBefore(id, await readDecision(directory, current));
}

/** @returns the decision; `undefined` when there is one already. */
async function write({ bottle, id }: Proposal, given: Verdict): Promise<Decision | undefined> {
  const decided = new Date().toISOString();
  const decision: Decision = { version: 1, id, decided, by: hostUser(), verdict: given };
  const isFirst = await writeQueueFile(bottlePaths.superviseQueue(bottle), decisionFile(id), decision);
  return isFirst ? decision : undefined;
}

function decidedBefore(id: string, found: Awaited<ReturnType<typeof readDecision>>): BottleError {
  return refused(`${id} was decided before: ${describe(found)}`);
}

function assertDecidable(current: Proposal, shown: Proposal, given: Verdict): void {
  const { id, request } = current;
  if (!isDeepStrictEqual(request, shown.request)) throw refused(`${id} has changed since it was shown`);
  if (isExpired(current, Date.now())) throw refused(`${id} expired at ${current.expires}`);
  if (given.state !== 'expired' && given.state !== 'failed' && fits(request.kind, given)) return;
  throw refused(`${id} is of the kind ${request.kind}, which cannot be ${given.state}`);
}

function describe(found: Awaited<ReturnType<typeof readDecision>>): string {
  if (found === undefined || 'fault' in found) return 'by somebody else';
  const { by, verdict, decided } = found.value;
  return `${verdict.state}${by === null ? '' : ` by ${by}`} at ${decided}`;
}
