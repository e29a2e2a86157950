import { styleText } from 'node:util';

/** How much a run says on stderr. */
export type Verbosity = 'quiet' | 'normal' | 'verbose';

// A terminal that went away must not turn a teardown into a crash.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** One whole line on stderr, in one write: lines of phases that run at the same time do not mix. */
export function line(text: string): void {
  process.stderr.write(`${text}\n`);
}

type Style = Parameters<typeof styleText>[0];

/** Colour on a terminal, plain text elsewhere and under NO_COLOR. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styleText(style, text, { stream });
}

/** Columns as wide as their widest cell, two blanks apart; the last column is left ragged. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  const format = (row: readonly string[]) =>
    row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ');
  return rows.map((row) => format(row).trimEnd()).join('\n');
}

/** At most `width` columns, the last one a sign that there was more. */
export function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`;
}
