import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDITS } from '../contract/audit-files.ts';
import { type AuditEntry, auditEntry } from '../contract/egress/audit.ts';

/** Bytes of the newest file of the audit that are looked through, from its end. */
const TAIL_BYTES = 256 * 1024;

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
  const text = await tailOfNewest(directory).catch(() => '');
  const found: RecentDenial[] = [];
  for (const line of text.split('\n').reverse()) {
    const entry = parseEntry(line);
    if (entry?.verdict !== 'deny' || (host !== undefined && entry.host !== host)) continue;
    const { time, reason, method, port, path, status } = entry;
    found.push({ time, reason, method, host: entry.host, port, path, status });
    if (found.length === most) break;
  }
  return found;
}

function parseEntry(line: string): AuditEntry | undefined {
  try {
    return auditEntry.safeParse(JSON.parse(line)).data;
  } catch {
    // The first line of the tail is usually cut.
    return undefined;
  }
}

async function tailOfNewest(directory: string): Promise<string> {
  const numbers = (await readdir(directory)).flatMap((name) => AUDITS.egress.numberOf(name) ?? []);
  if (numbers.length === 0) return '';
  const file = await open(join(directory, AUDITS.egress.nameOf(Math.max(...numbers))));
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
