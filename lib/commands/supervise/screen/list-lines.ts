import type { Proposal } from '../../../daemons/contract/supervise/proposal.ts';
import type { RequestKind } from '../../../daemons/contract/supervise/request.ts';
import { inertLine } from '../../../supervise/inert.ts';
import { age, summaryOf } from '../proposal-text.ts';
import { cell, type Line, lineOf } from './lines.ts';
import { cursorIndex, listed, type ScreenState } from './state.ts';

/** Short enough for a column. */
const KINDS: Readonly<Record<RequestKind, string>> = {
  allow: 'route',
  'git-allow': 'push',
  capability: 'image',
  ask: 'question',
  notify: 'message',
  'egress-token-allow': 'secret',
};

const WIDTHS = { kind: 8, age: 7, count: 5 } as const;
/** The cursor, and two spaces before each column but the first. */
const GAPS = 2 + 4 * 2;

/** The proposals around the cursor, at most `rows` of them. */
export function listLines(
  state: ScreenState,
  { columns, rows }: { columns: number; rows: number },
  now: number,
): Line[] {
  const proposals = listed(state);
  if (proposals.length === 0) {
    const isEmpty = state.filter === '';
    return [lineOf(isEmpty ? 'Nothing is pending.' : 'Nothing pending matches the filter.', 'dim')];
  }
  const index = cursorIndex(state);
  const shown = Math.max(1, rows - 1);
  const first = Math.max(0, Math.min(index - Math.floor(shown / 2), proposals.length - shown));
  const bottle = columns < 80 ? 14 : 24;
  const what = Math.max(8, columns - bottle - WIDTHS.kind - WIDTHS.age - WIDTHS.count - GAPS);
  const row = (cells: readonly string[]) =>
    [bottle, WIDTHS.kind, what, WIDTHS.age, WIDTHS.count]
      .map((width, column) => cell(cells[column] ?? '', width))
      .join('  ');
  const lines = proposals.slice(first, first + shown).map((proposal, place) => {
    const isChosen = first + place === index;
    return lineOf(`${isChosen ? '> ' : '  '}${row(cellsOf(proposal, now))}`, isChosen ? 'chosen' : 'plain');
  });
  return [lineOf(`  ${row(['BOTTLE', 'KIND', 'WHAT', 'AGE', 'COUNT'])}`, 'dim'), ...lines];
}

function cellsOf({ bottle, created, count, request }: Proposal, now: number): string[] {
  return [
    inertLine(bottle),
    KINDS[request.kind],
    summaryOf(request),
    age(now - Date.parse(created)),
    String(count),
  ];
}
