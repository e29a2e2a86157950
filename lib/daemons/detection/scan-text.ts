import { eachView } from './decode/views.ts';
import type { KnownSecretFinder } from './rules/known-secrets.ts';
import { isLowRisk } from './rules/low-risk.ts';
import { ENTROPY_PATTERN } from './rules/token-patterns.ts';
import { matchesOf, tokensIn } from './rules/token-search.ts';
import { TextBytes } from './text/text-bytes.ts';

export interface Finding {
  /** Type of the finding; safe to log. */
  readonly type: string;
  /** The value that was found. Never log it. */
  readonly value: string;
  /** Whether `value` occurs in the text unchanged, so that it can be cut out. */
  readonly inPlainSight: boolean;
}

/** A way of looking for secrets. */
export type Detector = 'token_patterns' | 'known_secrets' | 'entropy';

/** What to look for. */
export interface ScanScope {
  readonly detectors: ReadonlySet<Detector>;
  /**
   * Whether to continue after a finding. Needed where a person may approve the request: nothing else must
   * hide behind the first finding. Otherwise the request is refused at once, or redacted and scanned again.
   */
  readonly exhaustive?: boolean | undefined;
  /** Whether patterns leave out samples, placeholders and kinds of low risk: see `isLowRisk`. */
  readonly passesLowRisk?: boolean | undefined;
}

export interface ScanOptions extends ScanScope {
  readonly findKnown: KnownSecretFinder;
  /** Where long bodies are scanned; absent: in this thread. */
  readonly thread?: RemoteScans | undefined;
}

export interface RemoteScans {
  /** `size`: bytes that will be pushed; infinite if unknown. */
  open(scope: ScanScope, size: number): RemoteScan;
}

/** A scan in progress in another thread. One call at a time: waiting for its result holds back the sender. */
export interface RemoteScan {
  /** Copies the chunks, so the caller keeps its own. */
  push(chunks: readonly Buffer[]): Promise<Finding[]>;
  end(): Promise<Finding[]>;
  /** Must be called however the scan ended. */
  close(): void;
}

export const TYPE_KNOWN = 'known-secret';
/**
 * A finding, since this concerns the text; a body that is too large to unpack is refused as unscannable
 * instead.
 */
const TYPE_PACKED = 'packed-too-large';

/** Returns every secret in the text and in what it decodes to, in time linear in its length. */
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

/** Returns every secret that occurs in the text unchanged. */
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
  const { detectors, findKnown, exhaustive = false, passesLowRisk = false } = options;
  if (detectors.has('known_secrets')) {
    for (const { value, isWhole } of findKnown(view, exhaustive))
      findings.push({ type: TYPE_KNOWN, value, inPlainSight: isPlain && isWhole });
  }
  if (detectors.has('token_patterns')) {
    for (const { type, value } of tokensIn(view, wasHidden)) {
      if (!passesLowRisk || !isLowRisk(type, value)) findings.push({ type, value, inPlainSight: isPlain });
    }
  }
  if (detectors.has('entropy') && isPlain) {
    for (const value of matchesOf(ENTROPY_PATTERN, view))
      findings.push({ type: ENTROPY_PATTERN.type, value, inPlainSight: true });
  }
}
