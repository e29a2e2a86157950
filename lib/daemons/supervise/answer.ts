import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Verdict } from '../contract/supervise/decision.ts';
import type { RequestKind } from '../contract/supervise/request.ts';
import type { Awaited } from './await-decision.ts';

/** An answer of a tool: JSON, as text, which every agent shows its model. */
export function answer(value: Readonly<Record<string, unknown>>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }] };
}

/** The call came to nothing. `message`: what was wrong and what to do, for the model. */
export function failure(message: string): CallToolResult {
  return { ...answer({ status: 'failed', message }), isError: true };
}

/** What the agent reads about a proposal. */
export function outcome(id: string, kind: RequestKind, { decision, isWatched }: Awaited): CallToolResult {
  if (decision === undefined)
    return answer({ status: 'pending', id, watched: isWatched, message: pending(isWatched) });
  const { state, ...details } = decision.verdict;
  return answer({ status: state, id, ...details, message: MESSAGES[state](decision.verdict, kind) });
}

function pending(isWatched: boolean): string {
  const who = isWatched
    ? 'Somebody watches the queue, but has not decided yet.'
    : 'Nobody watches the queue now.';
  return `${who} The proposal stays open. Go on with work that does not need it, and call \`check\` with its id later.`;
}

const MESSAGES: Readonly<Record<Verdict['state'], (verdict: Verdict, kind: RequestKind) => string>> = {
  approved: (verdict, kind) => `Approved. ${effectOf(verdict, kind)}`,
  modified: (verdict, kind) => `Approved as \`request\` says, not as you asked. ${effectOf(verdict, kind)}`,
  rejected: () =>
    'The person said no. Respect the reason: do not ask for the same again, nor work around it.',
  failed: () =>
    'The person approved it, but it could not be put in force, so nothing has changed. Ask again later if you still need it.',
  answered: () => 'The person answered.',
  seen: () => 'The person has read it.',
  expired: () => 'Nobody decided in time. Ask again if you still need it.',
};

function effectOf(verdict: Verdict, kind: RequestKind): string {
  if (kind === 'capability')
    return 'It takes effect with the next launch of the bottle, not in this session.';
  if (kind === 'git-allow') return 'The finding passes from the next push on: push again.';
  if (kind === 'egress-token-allow') return 'Send the request again: it passes.';
  if ('generation' in verdict && verdict.generation !== undefined)
    return `It is in force, as generation ${verdict.generation} of the policy.`;
  return 'It is not in force yet: see `list-egress-routes` before you count on it.';
}
