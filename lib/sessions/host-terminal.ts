import type { Terminal, TerminalSize } from '../guest/session.ts';

/** Returns the operator's terminal, if both standard input and output are one. */
export function hostTerminal(): Terminal | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  const { TERM: type = 'xterm-256color', COLORTERM: colors } = process.env;
  return { ...terminalSize(), type, colors };
}

/** Some terminals have no size. */
export function terminalSize(): TerminalSize {
  const { columns, rows } = process.stdout;
  return { columns: columns || 80, rows: rows || 24 };
}
