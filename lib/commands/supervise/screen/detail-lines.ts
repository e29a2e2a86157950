import { detailsOf, proposalHead } from '../proposal-text.ts';
import { type Line, lineOf, wrapped } from './lines.ts';
import type { Detail } from './state.ts';

/**
 * A proposal in full, at most `rows` lines from where it is scrolled to. What changes comes before what the agent wrote
 * at length, so that no text of the agent can push it out of sight.
 */
export function detailLines(
  detail: Detail,
  { columns, rows }: { columns: number; rows: number },
  now: number,
): Line[] {
  const lines = allLines(detail, columns, now);
  if (lines.length <= rows) return lines;
  const shown = Math.max(1, rows - 1);
  const first = Math.min(detail.scroll, lines.length - shown);
  const below = lines.length - shown - first;
  const more = below > 0 ? `(${below} more lines: scroll down)` : '(end)';
  return [...lines.slice(first, first + shown), lineOf(more, 'alert')];
}

/** How far it can be scrolled. */
export function lastScroll(
  detail: Detail,
  { columns, rows }: { columns: number; rows: number },
  now: number,
): number {
  const { length } = allLines(detail, columns, now);
  return length <= rows ? 0 : length - Math.max(1, rows - 1);
}

function allLines({ shown, edited, change }: Detail, columns: number, now: number): Line[] {
  const [first = '', ...rest] = detailsOf(edited ?? shown.request);
  const isAllow = shown.request.kind === 'allow';
  const lines = [
    lineOf(proposalHead(shown, now), 'bold'),
    lineOf(''),
    ...(edited === undefined ? [] : [lineOf('As you edited it; nothing is decided yet:', 'bold')]),
    lineOf(first),
    ...(isAllow
      ? [lineOf(''), ...changeLines(change.lines), lineOf(''), lineOf('The agent’s reason:', 'bold')]
      : []),
    ...rest.map((text) => lineOf(text)),
  ];
  return lines.flatMap(({ text, style }) => wrapped(text, columns).map((part) => lineOf(part, style)));
}

function changeLines(change: readonly string[]): Line[] {
  return [
    lineOf('What would change in its routes:', 'bold'),
    ...change.map((text) => lineOf(text, text.startsWith('+') ? 'added' : 'plain')),
  ];
}
