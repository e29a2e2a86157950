import type { HeldAnswer } from '../../../lib/daemons/contract/supervise/held.ts';
import type { TokenAllowRequest } from '../../../lib/daemons/contract/supervise/request.ts';
import type { Approver } from '../../../lib/daemons/egress/outbound/approvals.ts';
import type { EgressFixture } from './egress.ts';

/** Of every approval that `approver` gives. */
export const APPROVAL = 'p-0r3k7m';

/** Decides about a request as the host does: what is allowed is in force before egress is told. */
export function approver(
  egress: () => EgressFixture,
  decide: (question: TokenAllowRequest, signal: AbortSignal) => Promise<'allow' | 'deny'>,
): Approver {
  return {
    ask: async (question, signal): Promise<HeldAnswer> => {
      if ((await decide(question, signal)) === 'deny')
        return { state: 'rejected', id: APPROVAL, reason: 'No.' };
      egress().allowValues(question, APPROVAL);
      return { state: 'approved', id: APPROVAL };
    },
  };
}
