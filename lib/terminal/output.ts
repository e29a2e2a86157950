import { styleText } from 'node:util';
import stringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';

/** How much a run prints on stderr. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

// A closed terminal must not crash a teardown.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** Prints a line on stderr in one write, so that lines of concurrent phases do not mix. */
export function line(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Style = Parameters<typeof styleText>[0];

/** Colors text on a terminal; leaves it plain elsewhere and under NO_COLOR. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styleText(style, text, { stream });
}

/** Layout of a table. */
export interface TableOptions {
  /** Columns of the terminal; unlimited when absent, as for a pipe. */
  width?: number | undefined;
  /** Index of the column whose cells may wrap; the last one when absent. */
  wrapped?: number;
}

/** The minimum width of a wrapped cell; below it, the terminal wraps the line. */
const NARROWEST_CELL = 24;
const GAP = 2;

/**
 * Formats rows as columns as wide as their widest cell, two spaces apart, without trailing spaces. On a
 * narrow terminal, the cells of one column wrap.
 */
export function columns(rows: readonly (readonly string[])[], { width, wrapped }: TableOptions = {}): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? 0, stringWidth(cell));
  }
  const flexible = wrapped ?? widths.length - 1;
  const others = widths.reduce((sum, one, index) => (index === flexible ? sum : sum + one + GAP), 0);
  const room = Math.max(NARROWEST_CELL, (width ?? Number.POSITIVE_INFINITY) - others);
  widths[flexible] = Math.min(widths[flexible] ?? 0, room);
  return rows.flatMap((row) => linesOf(row, widths, flexible)).join('\n');
}

function linesOf(row: readonly string[], widths: readonly number[], flexible: number): string[] {
  const parts = wrapAnsi(row[flexible] ?? '', Math.max(1, widths[flexible] ?? 1), { hard: true }).split('\n');
  return parts.map((part, line) => {
    const cells = widths.map((width, index) => {
      const text = index === flexible ? part : line === 0 ? (row[index] ?? '') : '';
      return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
    });
    return cells.join(' '.repeat(GAP)).trimEnd();
  });
}

/** Truncates text to `width` columns, ending in an ellipsis. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = text.slice(0, Math.max(0, width - 1));
  while (stringWidth(short) >= width && short !== '') short = short.slice(0, -1);
  return `${short}…`;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`;
}
