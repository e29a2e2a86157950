/** Keys whose value may be a secret, however they are misspelled. Repetition is bounded: so is the time. */
const SECRET_KEY = /(env|token|secret|passw|credential|key)[\w-]{0,80}["']?\s{0,80}:/i;
const ENV_KEY = /(^|[\s{,?])["']?env[\w-]{0,80}["']?\s{0,80}(:|$)/i;
const TOP_LEVEL_KEY = /^["']?[A-Za-z_][\w-]*["']?\s*:/;
const INDENTED_KEY = /^(\s+)["']?[A-Za-z_][A-Za-z0-9_]*["']?\s*:/;
/** Characters. What follows in a longer line is hidden, as `env` may begin there. */
const MAX_LINE = 1000;
/** The user of a URL, when a password follows it. */
const URL_PASSWORD = /:\/\/[^\s@/]{0,200}:\S{0,800}@/g;
export const HIDDEN = '…';

/**
 * The part of each frontmatter line that an error may show: values of `env` and of keys that sound like a
 * secret give way to `…`. It goes by the text alone, since it must also hold for YAML that does not parse,
 * and rather hides too much.
 */
export function visibleLines(lines: readonly string[]): string[] {
  let insideEnv = false;
  let envIndent: number | undefined;
  return lines.map((whole) => {
    const line = whole.slice(0, MAX_LINE).replaceAll(URL_PASSWORD, `://${HIDDEN}@`);
    if (TOP_LEVEL_KEY.test(line)) insideEnv = false;
    if (ENV_KEY.test(line)) {
      insideEnv = true;
      envIndent = undefined;
      return cutAfter(line, SECRET_KEY);
    }
    if (whole.length > MAX_LINE) {
      insideEnv = true;
      envIndent = Number.NaN;
      return `${cutAfter(line, SECRET_KEY)}${HIDDEN}`;
    }
    if (!insideEnv) return cutAfter(line, SECRET_KEY);
    const indent = INDENTED_KEY.exec(line)?.[1]?.length;
    if (line.trim() === '') return line;
    if (indent === undefined) return HIDDEN;
    envIndent ??= indent;
    // Deeper lines may be a value that spans lines, and what looks like a key there may be a part of it.
    return indent === envIndent ? cutAfter(line, INDENTED_KEY) : HIDDEN;
  });
}

function cutAfter(line: string, pattern: RegExp): string {
  const match = pattern.exec(line);
  if (match === null) return line;
  const end = match.index + match[0].length;
  return line.slice(end).trim() === '' ? line : `${line.slice(0, end)} ${HIDDEN}`;
}
