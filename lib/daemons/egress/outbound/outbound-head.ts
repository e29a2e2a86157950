import { DEFAULT_CREDENTIAL_HEADER } from '../../contract/egress/routes.ts';
import { type Finding, type ScanOptions, scanText } from '../../detection/index.ts';
import { type CredentialPlace, isCredentialHeader } from '../http/credential.ts';
import { CleanTexts } from './clean-texts.ts';

/** Headers that egress replaces, or that name the host: the agent's own values in them are never sent. */
export const UNSENT: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
]);

/**
 * Whether an injected credential takes the place of the agent's own value, which is then neither sent nor scanned.
 * `place`: where the credential goes, if the rule injects one.
 */
export function isReplaced(name: string, place: CredentialPlace | undefined): boolean {
  if (place === undefined) return false;
  return name === DEFAULT_CREDENTIAL_HEADER || isCredentialHeader(name, place);
}

/** Texts without findings, per scan options. */
const cleanTexts = new WeakMap<ScanOptions, CleanTexts>();

/** Scans path and query as one text and headers as another. An agent sends the same ones again and again. */
export function scanHead(
  path: string,
  query: string,
  raw: readonly string[],
  place: CredentialPlace | undefined,
  options: ScanOptions,
): readonly Finding[] {
  let lines = '';
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (UNSENT.has(name) || isReplaced(name, place)) continue;
    lines += `${lines === '' ? '' : '\n'}${raw[index] ?? ''}: ${raw[index + 1] ?? ''}`;
  }
  const target = scanOnce(`${path}${query}`, options);
  const headers = scanOnce(lines, options);
  return headers.length === 0 ? target : [...target, ...headers];
}

function scanOnce(text: string, options: ScanOptions): readonly Finding[] {
  if (text === '') return NOTHING;
  let clean = cleanTexts.get(options);
  if (clean === undefined) {
    clean = new CleanTexts();
    cleanTexts.set(options, clean);
  }
  if (clean.has(text)) return NOTHING;
  const findings = scanText(text, options);
  if (findings.length === 0) clean.add(text);
  return findings;
}

const NOTHING: readonly Finding[] = [];
