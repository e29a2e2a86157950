/** `KEY: ?` or `KEY: ?text`, with what may be a comment. */
const PROMPT = /^(\s*[A-Za-z_]\w*\s*:\s+)(\?.*?)(\s+#.*|\s*)$/;

/**
 * Puts the values in quotes that ask at launch and that YAML takes for something else: a bare `?` begins a key
 * there, and `: ` in a question another. Manifests have them unquoted, as the original's own parser never minded.
 * Only lines that did not parse (from 1) are touched, so nothing changes its meaning.
 */
export function quotePrompts(yaml: string, broken: ReadonlySet<number>): string {
  const lines = yaml.split('\n').map((line, index) => {
    if (!broken.has(index + 1)) return line;
    return line.replace(
      PROMPT,
      (_whole, key: string, value: string, rest: string) => `${key}'${value.replaceAll("'", "''")}'${rest}`,
    );
  });
  return lines.join('\n');
}
