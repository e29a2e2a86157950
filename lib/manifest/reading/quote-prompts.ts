/** `KEY: ?` or `KEY: ?text`, with an optional comment. */
const PROMPT = /^(\s*[A-Za-z_]\w*\s*:\s+)(\?.*?)(\s+#.*|\s*)$/;

/**
 * Quotes prompt values that YAML misreads: a bare `?` starts a complex key, and `: ` in a question starts
 * another key. Existing manifests leave them unquoted, because the original's parser accepted that. Changes
 * only lines that did not parse (counted from 1), so valid YAML keeps its meaning.
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
