import { inertLine } from '../../../supervise/inert.ts';
import { problemLines } from '../proposal-text.ts';
import { detailLines } from './detail-lines.ts';
import { helpOf, inputOf } from './help.ts';
import { cutTo, type Line, lineOf, wrapped } from './lines.ts';
import { listLines } from './list-lines.ts';
import { listed, type ScreenState } from './state.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Warnings that are shown at once. */
const MAX_WARNINGS = 2;

/** The screen, as many lines as it has rows. `now`: milliseconds since 1970. */
export function frame(state: ScreenState, { columns, rows }: Size, now: number): Line[] {
  const top = [lineOf(titleOf(state), 'bold'), lineOf('')];
  const bottom = bottomOf(state, columns);
  const room = { columns, rows: bodyRows(state, { columns, rows }) };
  const body = state.view.at === 'detail' ? detailLines(state.view, room, now) : listLines(state, room, now);
  const gap = Math.max(0, room.rows - body.length);
  const lines = [...top, ...body, ...Array.from({ length: gap }, () => lineOf('')), ...bottom];
  return lines.slice(0, rows).map(({ text, style }) => lineOf(cutTo(text, columns), style));
}

/** Rows between the title and what is at the bottom. */
export function bodyRows(state: ScreenState, { columns, rows }: Size): number {
  return Math.max(1, rows - 2 - bottomOf(state, columns).length);
}

function titleOf(state: ScreenState): string {
  const { bottles, filter, view } = state;
  const all = bottles.reduce((sum, { pending }) => sum + pending.length, 0);
  const busy = bottles.filter(({ pending }) => pending.length > 0).length;
  const where = `${all} pending in ${busy} ${busy === 1 ? 'bottle' : 'bottles'}`;
  if (filter === '' || view.at === 'filter') return `supervise: ${where}`;
  return `supervise: ${listed(state).length} of ${where}, filter: ${inertLine(filter)}`;
}

function bottomOf(state: ScreenState, columns: number): Line[] {
  const { notice } = state;
  const input = inputOf(state);
  return [
    lineOf(''),
    ...warningLines(state, columns),
    ...(notice === undefined ? [] : wrapped(notice.text, columns).map((text) => lineOf(text, 'alert'))),
    ...(input === undefined ? [] : [lineOf(endOf(input, columns), 'bold')]),
    ...inRows(helpOf(state), columns).map((text) => lineOf(text, 'dim')),
  ];
}

function warningLines({ bottles }: ScreenState, columns: number): Line[] {
  const all = problemLines(bottles);
  const more = all.length - MAX_WARNINGS;
  const shown = [...all.slice(0, MAX_WARNINGS), ...(more > 0 ? [`${more} more warnings`] : [])];
  return shown.map((text) => lineOf(cutTo(`warning: ${text}`, columns), 'alert'));
}

/** The end of a text, where one types. */
function endOf(text: string, columns: number): string {
  const parts = wrapped(text, columns);
  return parts.length === 1 ? text : `…${[...text].slice(-(columns - 2)).join('')}`;
}

/** Puts texts into as few lines as they fit in, none of them broken. */
function inRows(texts: readonly string[], columns: number): string[] {
  const rows: string[] = [];
  for (const text of texts) {
    const last = rows.at(-1);
    const joined = last === undefined ? text : `${last}  ${text}`;
    if (last !== undefined && joined.length <= columns) rows[rows.length - 1] = joined;
    else rows.push(text);
  }
  return rows;
}
