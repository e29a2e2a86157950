import { AUDITS } from '../contract/audit-files.ts';
import { type AuditEntry, auditEntry } from '../contract/egress/audit.ts';
import { newestLines } from './newest-lines.ts';

/** What the agent reads of a denial in the audit. */
export type RecentDenial = Pick<
  AuditEntry,
  'time' | 'reason' | 'method' | 'host' | 'port' | 'path' | 'status'
>;

/**
 * Returns what egress refused lately, the newest first: `most` at most, of one host if it is given. Empty when the audit
 * cannot be read.
 */
export async function recentDenials(
  directory: string,
  host: string | undefined,
  most: number,
): Promise<RecentDenial[]> {
  const found: RecentDenial[] = [];
  for (const line of await newestLines(directory, AUDITS.egress)) {
    const entry = auditEntry.safeParse(line).data;
    if (entry?.verdict !== 'deny' || (host !== undefined && entry.host !== host)) continue;
    const { time, reason, method, port, path, status } = entry;
    found.push({ time, reason, method, host: entry.host, port, path, status });
    if (found.length === most) break;
  }
  return found;
}
