import { WITHHELD } from '../../contract/egress/audit.ts';
import { type Finding, type ScanOptions, scanText } from '../../detection/index.ts';
import type { CredentialPlace } from '../http/credential.ts';
import { isReplaced, UNSENT } from './outbound-head.ts';

/** Places that are named to the person at most, and characters of the name of a header. */
const MAX_PLACES = 20;
const MAX_NAME = 64;
const MAX_PATH = 1024;

export interface SearchedHead {
  readonly path: string;
  /** From `?` on; empty when there is none. */
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** Where egress puts its own credential: what it replaces was not scanned. */
  readonly credential: CredentialPlace | undefined;
}

/** Findings in a request, and in which of its parts. */
export interface FoundParts {
  readonly findings: readonly Finding[];
  readonly inBody: readonly Finding[];
  readonly isTrailing: boolean;
}

/** What a person is told of a request: where the findings are, and the path if it may be shown. */
export function whereFound(
  head: SearchedHead,
  { findings, inBody, isTrailing }: FoundParts,
  options: ScanOptions,
): { places: string[]; path: string } {
  const places = [
    ...placesInHead(head, findings, options),
    ...(inBody.length > 0 ? ['body'] : []),
    ...(isTrailing ? ['trailers'] : []),
  ];
  return {
    // Detection may need several headers at once to see something.
    places: places.length === 0 ? ['headers'] : places,
    path: shownPath(head.path, findings, options),
  };
}

/** The path, cut to what a person reads, or that it is withheld. */
export function shownPath(path: string, findings: readonly Finding[], options: ScanOptions): string {
  return isSafe(path, findings, options) ? path.slice(0, MAX_PATH) : WITHHELD;
}

/**
 * Returns where in the head of a request the findings are, in words for a person. No word holds anything that was found.
 * Scans again, part by part: only what a person is asked about pays for it.
 */
function placesInHead(
  { path, query, rawHeaders, credential }: SearchedHead,
  findings: readonly Finding[],
  options: ScanOptions,
): string[] {
  const isFound = (text: string) => text !== '' && scanText(text, options).length > 0;
  const places: string[] = [];
  const [inPath, inQuery] = [isFound(path), isFound(query)];
  if (inPath) places.push('path');
  if (inQuery) places.push('query');
  if (!inPath && !inQuery && isFound(`${path}${query}`)) places.push('URL');
  for (let index = 0; index + 1 < rawHeaders.length && places.length < MAX_PLACES - 2; index += 2) {
    const rawName = rawHeaders[index] ?? '';
    const name = rawName.toLowerCase();
    if (UNSENT.has(name) || isReplaced(name, credential)) continue;
    if (!isFound(`${rawName}: ${rawHeaders[index + 1] ?? ''}`)) continue;
    const canBeNamed = rawName.length <= MAX_NAME && isSafe(rawName, findings, options);
    places.push(canBeNamed ? `header ${name}` : 'name of a header');
  }
  return [...new Set(places)];
}

/** Whether a text may be shown: it holds nothing that was found, in whatever form detection knows. */
function isSafe(text: string, findings: readonly Finding[], options: ScanOptions): boolean {
  const plain = text.toLowerCase();
  return (
    !findings.some(({ value }) => value !== '' && plain.includes(value.toLowerCase())) &&
    scanText(text, options).length === 0
  );
}
