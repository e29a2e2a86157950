import type { SuperviseAuditEntry } from '../../daemons/contract/supervise/audit.ts';
import { inertLine } from '../../supervise/inert.ts';
import { limitText, summaryOf } from '../supervise/proposal-text.ts';

/** Whether it was let through, in the words of the other audits; `asked` for a proposal. */
export function superviseVerdict(entry: SuperviseAuditEntry): 'asked' | 'allow' | 'deny' | 'fail' {
  if (entry.event === 'proposed') return 'asked';
  if (entry.event === 'ended') return 'fail';
  const { state } = entry.verdict;
  if (state === 'rejected') return 'deny';
  return state === 'expired' || state === 'failed' ? 'fail' : 'allow';
}

/** What was decided, by whom, and what it changed. */
export function superviseNotes(entry: SuperviseAuditEntry): string {
  if (entry.event === 'proposed') return '';
  if (entry.event === 'ended') return 'not decided before the bottle was removed';
  const { by, verdict, change } = entry;
  const added = change
    .filter((line) => line.startsWith('+'))
    .map((line) => line.slice(1).trim().replace(/^- /, ''));
  const parts = [
    by === null ? verdict.state : `${verdict.state} by ${inertLine(by)}`,
    ...wordsOf(verdict),
    ...(added.length === 0 ? [] : [`adds ${added.join(', ')}`]),
  ];
  return parts.join('; ');
}

function wordsOf(verdict: Extract<SuperviseAuditEntry, { event: 'decided' }>['verdict']): string[] {
  switch (verdict.state) {
    case 'rejected':
    case 'failed':
      return [inertLine(verdict.reason)];
    case 'answered':
      return [inertLine(verdict.text)];
    case 'modified':
      return [`as ${summaryOf(verdict.request)}`, limitText(verdict.limit)];
    case 'approved':
      return [limitText(verdict.limit), ...(verdict.note === undefined ? [] : [inertLine(verdict.note)])];
    default:
      return [];
  }
}
