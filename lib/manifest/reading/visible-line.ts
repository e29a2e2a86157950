/** Keys whose value may be a secret, even if misspelled. Repetition is bounded to bound the matching time. */
const SECRET_KEY = /(env|token|secret|passw|credential|key)[\w-]{0,80}["']?\s{0,80}:/i;
const ENV_KEY = /(^|[\s{,?])["']?env[\w-]{0,80}["']?\s{0,80}(:|$)/i;
const TOP_LEVEL_KEY = /^["']?[A-Za-z_][\w-]*["']?\s*:/;
const INDENTED_KEY = /^(\s+)["']?[A-Za-z_][A-Za-z0-9_]*["']?\s*:/;
/** Characters. The rest of a longer line is hidden, because `env` may start there. */
const MAX_LINE = 1000;
/** User and password in a URL; with HTTPS, forges take a token as the user's name. */
const URL_SECRET = /:\/\/[^\s@/]{0,200}:\S{0,800}@|(?<=https?):\/\/[^\s@/]{1,800}@/gi;
export const HIDDEN = '…';

/**
 * Returns the part of each frontmatter line that an error may show: values of `env` and of keys that look
 * like secrets become `…`. It only looks at the text, because it must also work for YAML that does not parse,
 * and hides too much rather than too little.
 */
export function visibleLines(lines: readonly string[]): string[] {
  let insideEnv = false;
  let envIndent: number | undefined;
  return lines.map((whole) => {
    const line = whole.slice(0, MAX_LINE).replaceAll(URL_SECRET, `://${HIDDEN}@`);
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
    // Deeper lines may belong to a multi-line value, where an apparent key may be part of the secret.
    return indent === envIndent ? cutAfter(line, INDENTED_KEY) : HIDDEN;
  });
}

function cutAfter(line: string, pattern: RegExp): string {
  const match = pattern.exec(line);
  if (match === null) return line;
  const end = match.index + match[0].length;
  return line.slice(end).trim() === '' ? line : `${line.slice(0, end)} ${HIDDEN}`;
}
