import { LiteralSearch } from '../search/literal-search.ts';
import type { TextBytes } from '../text/text-bytes.ts';
import { holdsRun, type Run } from '../text/word-runs.ts';
import { TOKEN_PATTERNS, type TokenPattern } from './token-patterns.ts';

const LITERALS = [...new Set(TOKEN_PATTERNS.flatMap(({ literals }) => literals ?? []))];
const SEARCH = new LiteralSearch(LITERALS);

/** Patterns with literals, and the indexes of these in `LITERALS`. */
const WITH_LITERALS = TOKEN_PATTERNS.flatMap((pattern) =>
  pattern.literals === undefined
    ? []
    : [{ pattern, places: pattern.literals.map((one) => LITERALS.indexOf(one)) }],
);
/** Patterns without literals, grouped by the run that a text must contain. */
const BY_RUN = [
  ...Map.groupBy(
    TOKEN_PATTERNS.filter(({ literals }) => literals === undefined),
    ({ run, within }) => within ?? run,
  ),
].map(([run, patterns]) => ({ run, patterns }));

export interface FoundToken {
  readonly type: string;
  readonly value: string;
}

/** Returns everything that looks like a token. Expressions that cannot match the text are not run. */
export function tokensIn(text: TextBytes, wasHidden: boolean): FoundToken[] {
  const found: FoundToken[] = [];
  const held = SEARCH.find(text.bytes, text.length);
  if (held.size > 0) {
    for (const { pattern, places } of WITH_LITERALS)
      if (places.some((place) => held.has(place))) look(pattern, text, wasHidden, found);
  }
  for (const { run, patterns } of BY_RUN)
    if (holds(text, run)) for (const pattern of patterns) look(pattern, text, wasHidden, found);
  return found;
}

function look(pattern: TokenPattern, text: TextBytes, wasHidden: boolean, found: FoundToken[]): void {
  if (pattern.onlyHidden === true && !wasHidden) return;
  for (const value of matchesOf(pattern, text)) found.push({ type: pattern.type, value });
}

function holds(text: TextBytes, run: Run | undefined): boolean {
  return run === undefined || holdsRun(text, run);
}

/** Returns the matches of the pattern's expression that pass its `isReal` check. */
export function matchesOf({ run, expression, isReal }: TokenPattern, text: TextBytes): readonly string[] {
  if (!holds(text, run)) return NO_MATCHES;
  const matches = typeof expression === 'function' ? expression(text) : text.text.match(expression);
  if (matches === null || matches.length === 0) return NO_MATCHES;
  return isReal === undefined ? matches : matches.filter((match) => isReal(match));
}

const NO_MATCHES: readonly string[] = [];
