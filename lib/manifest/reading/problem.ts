import { BottleError } from '../../errors.ts';
import { printable } from '../../host/printable.ts';
import { visibleLines } from './visible-line.ts';

/** One problem in a manifest file. */
export interface Problem {
  /** Key path such as `egress.routes[0].host`; empty for the file as a whole. */
  readonly path: string;
  /** Starts at 1, as in editors. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** One imperative sentence. */
  readonly remedy: string;
}

/** Problems shown; the rest is only counted. */
const MAX_SHOWN = 20;
/** Columns of the source line that are shown; longer lines are cut. */
const SOURCE_COLUMNS = 100;

/** Creates the error for all problems of one file, each with its position, source line and a caret. */
export function manifestInvalid(
  source: { readonly file: string; readonly lines: readonly string[] },
  problems: readonly Problem[],
): BottleError {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const shown = visibleLines(source.lines);
  const single = sorted.length === 1 ? sorted[0] : undefined;
  if (single !== undefined) {
    return new BottleError('manifest-invalid', entryOf(source.file, shown, single).join('\n'), {
      hint: single.remedy,
    });
  }
  const entries = sorted
    .slice(0, MAX_SHOWN)
    .map((problem) => [...entryOf(source.file, shown, problem), `      = ${problem.remedy}`].join('\n'));
  const rest = sorted.length - entries.length;
  const more = rest > 0 ? [`… and ${rest} more`] : [];
  const message = [`${source.file} has ${sorted.length} problems`, ...entries, ...more].join('\n');
  return new BottleError('manifest-invalid', message, {
    hint: `Fix the problems listed above in ${source.file}.`,
  });
}

function entryOf(file: string, shown: readonly string[], problem: Problem): string[] {
  const { path, line, column, message } = problem;
  const subject = path === '' ? '' : `${printable(path)}: `;
  const head = `${file}:${line}:${column}: ${subject}${message}`;
  const text = shown[line - 1];
  if (text === undefined || text.trim() === '') return [head];
  const caret = Math.min(column - 1, text.length);
  const start = Math.max(0, caret - SOURCE_COLUMNS + 20);
  const excerpt = printable(text.slice(start, start + SOURCE_COLUMNS));
  const number = String(line).padStart(5);
  return [head, `${number} | ${excerpt}`, `      | ${' '.repeat(caret - start)}^`];
}
