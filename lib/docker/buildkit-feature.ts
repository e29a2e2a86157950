const HEREDOC = /^\s*(?:RUN|COPY|ADD)\b.*<<-?["']?[A-Za-z_]/m;

/**
 * Returns what in a Dockerfile failed because only BuildKit knows it; undefined if the build failed otherwise. The legacy
 * builder names options, but takes the lines of a here-document for instructions.
 */
export function buildkitFeature(said: string, dockerfile: string): string | undefined {
  const option = /the (--[a-z]+) option requires BuildKit/i.exec(said)?.[1];
  if (option !== undefined) return option;
  const flag = /Unknown flag: ([a-z]+)/.exec(said)?.[1];
  if (flag !== undefined) return `--${flag}`;
  if (/unknown instruction: /i.test(said) && HEREDOC.test(dockerfile)) return 'a here-document';
  return undefined;
}
