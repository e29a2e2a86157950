import { manifestInvalid } from './problem.ts';
import type { SourceFile } from './source-file.ts';

const FENCE = /^---\s*$/;
const REMEDY = 'Start the file with a line `---`, then YAML, then another line `---`, then the text.';

/** The two parts of a manifest file. */
export interface SplitFile {
  /** The YAML between the fences. Its first line is line 2 of the file. */
  readonly yaml: string;
  /** The text after the closing fence, trimmed. */
  readonly body: string;
}

/**
 * Splits a manifest file into its two parts.
 * @throws BottleError `manifest-invalid` when the file does not start with frontmatter between two `---`
 * lines.
 */
export function splitFrontmatter(source: SourceFile): SplitFile {
  const { lines } = source;
  const invalid = (line: number, message: string, remedy: string) =>
    manifestInvalid(source, [{ path: '', line, column: 1, message, remedy }]);
  if (lines.every((line) => line.trim() === '')) throw invalid(1, 'is empty', REMEDY);
  if (!FENCE.test(lines[0] ?? '')) throw invalid(1, 'has no frontmatter', REMEDY);
  const closing = lines.findIndex((line, index) => index > 0 && FENCE.test(line));
  if (closing === -1) {
    throw invalid(1, 'has frontmatter that is never closed', 'Close the frontmatter with a line `---`.');
  }
  return {
    yaml: lines.slice(1, closing).join('\n'),
    body: lines
      .slice(closing + 1)
      .join('\n')
      .trim(),
  };
}
