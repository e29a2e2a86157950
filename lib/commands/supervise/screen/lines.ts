import stringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';

/** How a line looks where there is color; without, its text says it all. */
export type LineStyle = 'plain' | 'bold' | 'dim' | 'chosen' | 'added' | 'alert';

export interface Line {
  readonly text: string;
  readonly style: LineStyle;
}

export function lineOf(text: string, style: LineStyle = 'plain'): Line {
  return { text, style };
}

/** What begins a line and belongs before each part of it, or as much space. */
const QUOTE = '> ';
const LEAD = /^(?:[+-] +|\d+\. | +)/;

/**
 * Wraps a line to a width. Each part of a quoted line is quoted, and others are indented, so that no part of what an
 * agent wrote passes for a line of the screen.
 */
export function wrapped(text: string, width: number): string[] {
  const flat = text.replaceAll('\t', '    ');
  const lead = flat.startsWith(QUOTE) ? QUOTE : (LEAD.exec(flat)?.[0] ?? '');
  const next = lead === QUOTE ? QUOTE : ' '.repeat(Math.max(2, lead.length));
  const parts = wrapAnsi(flat.slice(lead.length), Math.max(1, width - next.length), {
    hard: true,
    trim: false,
  });
  return parts.split('\n').map((part, index) => `${index === 0 ? lead : next}${part}`.trimEnd());
}

/** A text as wide as a column: longer ones end in an ellipsis, shorter ones in spaces. */
export function cell(text: string, width: number): string {
  const short = cutTo(text, width);
  return short + ' '.repeat(Math.max(0, width - stringWidth(short)));
}

/** Cuts a text to a number of columns, ending in an ellipsis. */
export function cutTo(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(short + segment) >= width) break;
    short += segment;
  }
  return `${short}…`;
}
