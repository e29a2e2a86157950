import type { Verdict } from '../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../daemons/contract/supervise/proposal.ts';
import { allowFinding } from './allow-finding.ts';
import { loadGrant, loadValues } from './grant.ts';
import { dropCapability, keepCapability } from './keep-capability.ts';

/** What a verdict has changed, before the agent is told. */
export interface Effect {
  /** With the generation that has it in force. */
  readonly verdict: Verdict;
  readonly keep: () => Promise<void>;
  readonly takeBack: () => Promise<void>;
}

/**
 * Makes true what a verdict says. Call it with the lock.
 * @throws BottleError as `loadGrant`, `loadValues`, `allowFinding` and `keepCapability` do; then nothing has changed.
 */
export async function takeEffect(
  proposal: Proposal,
  verdict: Verdict,
  version: string | undefined,
): Promise<Effect> {
  if (verdict.state !== 'approved' && verdict.state !== 'modified') {
    if (proposal.request.kind === 'capability') await dropCapability(proposal);
    return without(verdict);
  }
  const request = verdict.state === 'modified' ? verdict.request : proposal.request;
  if (request.kind === 'git-allow') {
    const takeBack = await allowFinding(proposal.bottle, request.finding);
    return { verdict, keep: async () => {}, takeBack };
  }
  if (request.kind === 'capability') {
    const takeBack = await keepCapability(proposal, request);
    return { verdict, keep: async () => {}, takeBack };
  }
  if (request.kind !== 'allow' && request.kind !== 'egress-token-allow') return without(verdict);
  const loaded =
    request.kind === 'allow'
      ? await loadGrant(proposal, verdict, version)
      : await loadValues(proposal, verdict);
  return { ...loaded, verdict: { ...verdict, generation: loaded.generation } };
}

function without(verdict: Verdict): Effect {
  return { verdict, keep: async () => {}, takeBack: async () => {} };
}
