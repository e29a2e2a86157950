import type { Decision } from '../../daemons/contract/supervise/decision.ts';
import type { Proposal } from '../../daemons/contract/supervise/proposal.ts';
import { limitText } from './proposal-text.ts';

/** What was decided, as a line for a person. */
export function decidedText({ request, id }: Proposal, { verdict }: Decision): string {
  if (verdict.state !== 'approved') return `${id}: ${verdict.state}`;
  if (request.kind === 'capability') return `${id}: approved; it takes effect with the next launch`;
  const force =
    verdict.generation === undefined
      ? 'it is not in force: this version opens nothing by itself'
      : 'in force';
  return `${id}: approved, ${limitText(verdict.limit)}; ${force}`;
}
