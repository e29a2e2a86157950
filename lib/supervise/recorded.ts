import type { Decision, Verdict } from '../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import { BottleError, messageOf } from '../errors.ts';
import { line } from '../terminal/output.ts';
import { recordDecision } from './audit.ts';
import { policyChange } from './grant.ts';
import { hostUser } from './host-user.ts';
import { routeDiff } from './route-diff.ts';

/** Decides by `work`, and writes down what came of it. Call it with the lock, so that the diff is that of this decision. */
export async function recorded(
  proposal: Proposal,
  given: Verdict,
  work: () => Promise<Decision>,
): Promise<Decision> {
  const change = await changeLines(proposal, given);
  try {
    const decision = await work();
    await keep(proposal, decision, change);
    return decision;
  } catch (error) {
    if (error instanceof BottleError && error.code === 'policy-not-loaded') {
      const verdict: Verdict = { state: 'failed', reason: error.message.slice(0, 1000) };
      await keep(proposal, { by: hostUser(), decided: new Date().toISOString(), verdict }, []);
    }
    throw error;
  }
}

/** What a verdict changes in the routes of a host; none where it concerns no route, or they cannot be read. */
async function changeLines(proposal: Proposal, given: Verdict): Promise<string[]> {
  const isGranting = given.state === 'approved' || given.state === 'modified';
  if (proposal.request.kind !== 'allow' || !isGranting) return [];
  const change = await policyChange(proposal, given).catch(() => undefined);
  return change === undefined ? [] : routeDiff(change.before, change.after);
}

/** The decision stands, and the agent acts on it: an audit that cannot be written is no reason to say otherwise. */
async function keep(...args: Parameters<typeof recordDecision>): Promise<void> {
  try {
    await recordDecision(...args);
  } catch (error) {
    line(`warning: the audit of ${args[0].id} could not be written: ${messageOf(error)}`);
  }
}
