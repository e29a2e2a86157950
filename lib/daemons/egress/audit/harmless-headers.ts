import { AUDIT_LIMITS } from '../../contract/egress/audit.ts';
import type { Withholder } from './withhold.ts';

/** Headers whose values are logged. Any other header may hold a credential. */
const HARMLESS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'date',
  'expect',
  'range',
  'retry-after',
  'server',
  'transfer-encoding',
  'user-agent',
  'vary',
]);

/** `raw`: name, value, name, value, ... If a header was sent twice, the last one is shown. */
export function harmlessHeaders(raw: readonly string[], withholder: Withholder): Record<string, string> {
  const shown: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (HARMLESS.has(name))
      shown[name] = cut(withholder.text(raw[index + 1] ?? ''), AUDIT_LIMITS.headerValue);
  }
  return shown;
}

/** Returns at most `longest` characters, with an ellipsis if there were more. */
export function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
