import type { OutboundDetector } from '../scan-plan.ts';
import type { KnownSecretFinder } from './known-secrets.ts';
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

export interface ScanOptions {
  readonly detectors: ReadonlySet<OutboundDetector>;
  readonly findKnown: KnownSecretFinder;
}

const TYPE_KNOWN = 'known-secret';

/** Every secret in the text and in what it decodes to. In time linear in its length. */
export function scanText(text: string, { detectors, findKnown }: ScanOptions): Finding[] {
  if (detectors.size === 0 || text.length === 0) return [];
  const findings: Finding[] = [];
  for (const view of viewsOf(text)) {
    const inPlainSight = view.depth === 0;
    if (detectors.has('known_secrets')) {
      const value = findKnown(view.text);
      if (value !== undefined) {
        findings.push({ type: TYPE_KNOWN, value, inPlainSight: inPlainSight && text.includes(value) });
      }
    }
    const report = (pattern: TokenPattern) => {
      for (const value of matchesOf(pattern, view.text))
        findings.push({ type: pattern.type, value, inPlainSight });
    };
    if (detectors.has('token_patterns')) {
      for (const pattern of TOKEN_PATTERNS)
        if (!inPlainSight || pattern.onlyDecoded !== true) report(pattern);
    }
    if (detectors.has('entropy') && inPlainSight) report(ENTROPY_PATTERN);
    // What was found once is denied or cut out, and scanned anew then.
    if (findings.length > 0) return findings;
  }
  return findings;
}

function matchesOf({ literals, expression, isReal }: TokenPattern, text: string): string[] {
  if (literals !== undefined && !literals.some((literal) => text.includes(literal))) return [];
  const found = text.match(expression) ?? [];
  return isReal === undefined ? found : found.filter(isReal);
}
