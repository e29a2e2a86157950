import type { Verdict } from '../../daemons/contract/supervise/decision.ts';
import { MAX_ANSWER } from '../../daemons/contract/supervise/limits.ts';
import {
  type GrantLimit,
  grantLimit,
  type SuperviseRequest,
} from '../../daemons/contract/supervise/request.ts';
import { BottleError } from '../../errors.ts';
import { milliseconds } from '../launch/session-flags.ts';

/** What `approve` was given. */
export interface ApproveFlags {
  /** Such as `10m`. */
  readonly for: string | undefined;
  readonly uses: string | undefined;
  /** To a question: free text, one of its choices, or the number of one. */
  readonly answer: string | undefined;
  readonly note: string | undefined;
}

/**
 * Returns what an approval means for a request: a question is answered, a message is taken note of, and all else is
 * approved, for as long as the agent asked unless the flags say otherwise.
 * @param allowed what the person allows instead.
 * @throws BottleError `usage`
 */
export function approvalOf(
  request: SuperviseRequest,
  flags: Partial<ApproveFlags>,
  allowed: SuperviseRequest = request,
): Verdict {
  const limit = limitOf(flags);
  if (request.kind === 'ask') return { state: 'answered', text: answerOf(request, flags.answer) };
  if (flags.answer !== undefined) {
    throw new BottleError('usage', `an answer was given, but ${request.kind} is no question`, {
      hint: 'Remove it.',
    });
  }
  if (request.kind === 'notify') return { state: 'seen' };
  if (request.kind === 'egress-token-allow' && flags.uses !== undefined) {
    throw new BottleError('usage', 'a number of uses was given, but values are let out for a time', {
      hint: 'Give FOR=10m, or nothing: for as long as the bundle runs.',
    });
  }
  const good = limit ?? (allowed.kind === 'allow' ? allowed.limit : undefined);
  return {
    ...(allowed === request ? { state: 'approved' } : { state: 'modified', request: allowed }),
    ...(good === undefined ? {} : { limit: good }),
    ...(flags.note === undefined ? {} : { note: bounded(flags.note) }),
  };
}

/** @throws BottleError `usage` */
export function rejectionOf(reason: string): Verdict {
  return { state: 'rejected', reason: bounded(reason) };
}

function limitOf({ for: duration, uses }: Partial<ApproveFlags>): GrantLimit | undefined {
  if (duration !== undefined && uses !== undefined) {
    throw new BottleError('usage', 'both a time and a number of uses were given', {
      hint: 'Give one of them.',
    });
  }
  if (duration === undefined && uses === undefined) return undefined;
  const given =
    duration === undefined ? { uses: Number(uses) } : { seconds: Math.ceil(milliseconds(duration) / 1000) };
  const parsed = grantLimit.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new BottleError('usage', `'${duration ?? uses}' is no limit of a grant`, {
    hint: 'Write FOR=10m or FOR=1h, up to 30 days, or USES=2, up to 1,000,000.',
  });
}

function answerOf(
  { choices }: Extract<SuperviseRequest, { kind: 'ask' }>,
  given: string | undefined,
): string {
  if (given === undefined) {
    throw new BottleError('usage', 'a question needs an answer', { hint: 'Add ANSWER="…".' });
  }
  if (choices === undefined) return bounded(given);
  const chosen = choices.includes(given) ? given : choices[Number(given) - 1];
  if (chosen !== undefined) return chosen;
  throw new BottleError('usage', `'${given}' is not one of the choices`, {
    hint: `Give one of them, or its number from 1 to ${choices.length}.`,
  });
}

function bounded(text: string): string {
  if (text.length <= MAX_ANSWER) return text;
  throw new BottleError('usage', `the text has more than ${MAX_ANSWER} characters`, { hint: 'Shorten it.' });
}
