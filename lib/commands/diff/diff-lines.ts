import { styleText } from 'node:util';
import { visible } from '../../host/visible.ts';

/** Characters of a line that are kept until its end has come; the rest of a longer one passes without color. */
const LONGEST_LINE = 100_000;

/**
 * Makes a diff safe to read on a terminal, piece by piece: hidden characters become visible, and lines are colored if
 * wanted. `end` returns what is left.
 */
export function diffPrinter(hasColors: boolean): { push(text: string): string; end(): string } {
  let rest = '';
  let isHeader = false;
  const style = (line: string): string => {
    if (line.startsWith('diff --git ')) isHeader = true;
    else if (line.startsWith('@@')) isHeader = false;
    const safe = visible(line);
    const color = hasColors ? colorOf(line, isHeader) : undefined;
    return color === undefined ? safe : styleText(color, safe, { validateStream: false });
  };
  return {
    push(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      let printed = lines.map((line) => `${style(line)}\n`).join('');
      if (rest.length > LONGEST_LINE) {
        printed += visible(rest);
        rest = '';
      }
      return printed;
    },
    end: () => style(rest),
  };
}

/** In a hunk, a line's first character says what it is, whatever its content pretends to be. */
function colorOf(line: string, isHeader: boolean): 'bold' | 'cyan' | 'green' | 'red' | undefined {
  if (isHeader) return 'bold';
  if (line.startsWith('@@')) return 'cyan';
  if (line.startsWith('+')) return 'green';
  return line.startsWith('-') ? 'red' : undefined;
}
