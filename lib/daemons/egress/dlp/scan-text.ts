import type { OutboundDetector } from '../scan-plan.ts';
import type { KnownSecretFinder } from './known-secrets.ts';
import { LiteralSearch } from './literal-search.ts';
import { ENTROPY_PATTERN, TOKEN_PATTERNS, type TokenPattern } from './token-patterns.ts';
import { viewsOf } from './views.ts';

export interface Finding {
  /** Kind of what was found; safe to log. */
  readonly type: string;
  /** What was found, never to be logged. */
  readonly value: string;
  /** Whether `value` stands in the text as it is, so that it can be cut out. */
  readonly inPlainSight: boolean;
}

/** What is looked for. */
export interface ScanScope {
  readonly detectors: ReadonlySet<OutboundDetector>;
  /**
   * Whether to go on after a find. For a person who may let out what was found: nothing else must hide behind it.
   * Others refuse at the first find, or cut it out and scan again.
   */
  readonly exhaustive?: boolean | undefined;
}

export interface ScanOptions extends ScanScope {
  readonly findKnown: KnownSecretFinder;
  /** Where long bodies are scanned; absent: here. */
  readonly thread?: RemoteScans | undefined;
}

export interface RemoteScans {
  open(scope: ScanScope): RemoteScan;
}

/** A scan under way in another thread. One question at a time: who waits for the answer holds back the sender. */
export interface RemoteScan {
  /** The chunks are copied: they stay the caller's. */
  push(chunks: readonly Buffer[]): Promise<Finding[]>;
  end(): Promise<Finding[]>;
  /** To be called however it ended. */
  close(): void;
}

const TYPE_KNOWN = 'known-secret';

const LITERALS = [...new Set(TOKEN_PATTERNS.flatMap(({ literals }) => literals ?? []))];
const LITERAL_SEARCH = new LiteralSearch(LITERALS);
/** Places of each pattern's literals in that list. */
const NEEDS = new Map(
  TOKEN_PATTERNS.map((pattern) => [pattern, pattern.literals?.map((one) => LITERALS.indexOf(one))]),
);

/** Every secret in the text and in what it decodes to. In time linear in its length. */
export function scanText(text: string, { detectors, findKnown, exhaustive = false }: ScanOptions): Finding[] {
  if (detectors.size === 0 || text.length === 0) return [];
  const findings: Finding[] = [];
  for (const view of viewsOf(text)) {
    const inPlainSight = view.depth === 0;
    if (detectors.has('known_secrets')) {
      for (const value of findKnown(view.text, exhaustive)) {
        findings.push({ type: TYPE_KNOWN, value, inPlainSight: inPlainSight && text.includes(value) });
      }
    }
    const report = ({ type, expression, isReal }: TokenPattern) => {
      const found =
        typeof expression === 'function' ? expression(view.text) : (view.text.match(expression) ?? []);
      for (const value of found)
        if (isReal === undefined || isReal(value)) findings.push({ type, value, inPlainSight });
    };
    if (detectors.has('token_patterns')) {
      for (const pattern of possibleIn(view.text))
        if (!inPlainSight || pattern.onlyDecoded !== true) report(pattern);
    }
    if (detectors.has('entropy') && inPlainSight) report(ENTROPY_PATTERN);
    if (findings.length > 0 && !exhaustive) return findings;
  }
  return findings;
}

/** The patterns that have no literals, or one that the text holds. */
function possibleIn(text: string): readonly TokenPattern[] {
  const held = LITERAL_SEARCH.find(text);
  return TOKEN_PATTERNS.filter((pattern) => NEEDS.get(pattern)?.some((place) => held.has(place)) ?? true);
}
