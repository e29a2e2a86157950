import * as z from 'zod';
import { MAX_ANSWER } from './limits.ts';
import { proposalId } from './proposal-id.ts';
import { grantLimit, type RequestKind, superviseRequest } from './request.ts';

const answer = z.string().max(MAX_ANSWER);

const granted = {
  /** Absent: as long as the bottle lives. */
  limit: grantLimit.optional(),
  /** Egress's policy that has it in force; absent while none has, or where egress has no part in it. */
  generation: z.int().positive().optional(),
  /** The person's words. */
  note: answer.optional(),
};

export const verdict = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('approved'), ...granted }),
  /** Approved, but as `request`, which is of the same kind. */
  z.strictObject({ state: z.literal('modified'), request: superviseRequest, ...granted }),
  z.strictObject({ state: z.literal('rejected'), reason: answer }),
  /** Of `ask` alone. */
  z.strictObject({ state: z.literal('answered'), text: answer }),
  /** Of `notify` alone: the person has read it. */
  z.strictObject({ state: z.literal('seen') }),
  /** Approved, but it could not be put in force: nothing was changed. */
  z.strictObject({ state: z.literal('failed'), reason: answer }),
  /** Written by the daemon when the time is up. */
  z.strictObject({ state: z.literal('expired') }),
]);
export type Verdict = z.infer<typeof verdict>;

/** `p-xxxxxx.decision.json`: written once, by whoever decides first. It is never changed. */
export const decision = z.strictObject({
  version: z.literal(1),
  id: proposalId,
  /** UTC, ISO 8601. */
  decided: z.iso.datetime(),
  /** User of the host; `null` for what expired. */
  by: z.string().min(1).max(64).nullable(),
  verdict,
});
export type Decision = z.infer<typeof decision>;

/** Whether a proposal of this kind can be decided so. */
export function fits(kind: RequestKind, given: Verdict): boolean {
  switch (given.state) {
    case 'expired':
      return true;
    case 'seen':
      return kind === 'notify';
    case 'answered':
      return kind === 'ask';
    case 'failed':
      return kind === 'allow' || kind === 'git-allow' || kind === 'egress-token-allow';
    case 'rejected':
      return kind !== 'notify';
    case 'approved':
      return kind !== 'notify' && kind !== 'ask';
    case 'modified':
      return (
        kind !== 'notify' && kind !== 'ask' && kind !== 'egress-token-allow' && given.request.kind === kind
      );
  }
}
