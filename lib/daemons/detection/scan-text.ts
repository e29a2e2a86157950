import { eachView } from './decode/views.ts';
import type { KnownSecretFinder } from './rules/known-secrets.ts';
import { ENTROPY_PATTERN } from './rules/token-patterns.ts';
import { matchesOf, tokensIn } from './rules/token-search.ts';
import { TextBytes } from './text/text-bytes.ts';

export interface Finding {
  /** Kind of what was found; safe to log. */
  readonly type: string;
  /** What was found, never to be logged. */
  readonly value: string;
  /** Whether `value` stands in the text as it is, so that it can be cut out. */
  readonly inPlainSight: boolean;
}

/** A way of looking for secrets. */
export type Detector = 'token_patterns' | 'known_secrets' | 'entropy';

/** What is looked for. */
export interface ScanScope {
  readonly detectors: ReadonlySet<Detector>;
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
  /** `size`: bytes that will be pushed; infinite when that is not known. */
  open(scope: ScanScope, size: number): RemoteScan;
}

/** A scan under way in another thread. One question at a time: who waits for the answer holds back the sender. */
export interface RemoteScan {
  /** The chunks are copied: they stay the caller's. */
  push(chunks: readonly Buffer[]): Promise<Finding[]>;
  end(): Promise<Finding[]>;
  /** To be called however it ended. */
  close(): void;
}

export const TYPE_KNOWN = 'known-secret';
/** In the text, not beside it: there a body is refused as one that cannot be looked into. */
const TYPE_PACKED = 'packed-too-large';

/** Every secret in the text and in what it decodes to. In time linear in its length. */
export function scanText(text: string, options: ScanOptions): Finding[] {
  const findings: Finding[] = [];
  if (options.detectors.size === 0 || text.length === 0) return findings;
  const isUnpacked = eachView(text, (view, { depth, wasHidden }) => {
    look(view, depth === 0, wasHidden, options, findings);
    return findings.length === 0 || options.exhaustive === true;
  });
  if (!isUnpacked) findings.push({ type: TYPE_PACKED, value: text, inPlainSight: false });
  return findings;
}

/** Every secret that stands in the text as it is. */
export function scanPlainText(text: string, options: ScanOptions): Finding[] {
  const view = new TextBytes();
  view.read(text);
  const findings: Finding[] = [];
  look(view, true, false, { ...options, exhaustive: true }, findings);
  return findings.filter(({ inPlainSight }) => inPlainSight);
}

function look(
  view: TextBytes,
  isPlain: boolean,
  wasHidden: boolean,
  options: ScanOptions,
  findings: Finding[],
): void {
  const { detectors, findKnown, exhaustive = false } = options;
  if (detectors.has('known_secrets')) {
    for (const { value, isWhole } of findKnown(view, exhaustive))
      findings.push({ type: TYPE_KNOWN, value, inPlainSight: isPlain && isWhole });
  }
  if (detectors.has('token_patterns')) {
    for (const { type, value } of tokensIn(view, wasHidden))
      findings.push({ type, value, inPlainSight: isPlain });
  }
  if (detectors.has('entropy') && isPlain) {
    for (const value of matchesOf(ENTROPY_PATTERN, view))
      findings.push({ type: ENTROPY_PATTERN.type, value, inPlainSight: true });
  }
}
