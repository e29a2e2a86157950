import { type Finding, type ScanOptions, scanText } from './dlp/scan-text.ts';

/** Headers that egress replaces, or that name the host: the agent's own values never leave in them. */
export const UNSENT: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
]);

/** Path, query and headers: each a text of its own. */
export function scanHead(
  path: string,
  query: string,
  raw: readonly string[],
  replacesAuthorization: boolean,
  options: ScanOptions,
): Finding[] {
  const lines: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (UNSENT.has(name) || (replacesAuthorization && name === 'authorization')) continue;
    lines.push(`${raw[index] ?? ''}: ${raw[index + 1] ?? ''}`);
  }
  return [...scanText(`${path}${query}`, options), ...scanText(lines.join('\n'), options)];
}
