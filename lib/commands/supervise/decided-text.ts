import type { Decision } from '../../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../../daemons/contract/supervise/proposal.ts';
import type { RequestKind } from '../../daemons/contract/supervise/request.ts';
import type { Granting } from '../../supervise/grant.ts';
import { limitText } from './proposal-text.ts';

/** What was decided, as a line for a person. */
export function decidedText({ request, id }: Proposal, { verdict }: Decision): string {
  if (verdict.state !== 'approved' && verdict.state !== 'modified') return `${id}: ${verdict.state}`;
  return `${id}: ${verdict.state}, ${effectOf(request.kind, verdict)}`;
}

function effectOf(kind: RequestKind, { limit, generation }: Granting): string {
  if (kind === 'capability')
    return 'it takes effect with the next launch; `make capabilities` lists and removes it';
  if (kind === 'git-allow') return 'it passes from the next push on';
  const isForBundle = kind === 'egress-token-allow' && limit === undefined;
  const end = isForBundle ? 'as long as the bundle runs' : limitText(limit);
  return `${end}; in force as generation ${generation ?? 'unknown'}`;
}
