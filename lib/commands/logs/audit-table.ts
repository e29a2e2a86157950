import { type AuditEntry, type AuditGap, WITHHELD } from '../../daemons/contract/egress/audit.ts';
import { printable } from '../../host/printable.ts';
import { paint } from '../../terminal/output.ts';

const COLORS = { allow: 'green', deny: 'red', fail: 'yellow' } as const;

export const AUDIT_HEAD = cells('TIME', 'WHAT', 'CODE', 'TOOK', 'SENT', 'GOT', 'METHOD', 'TARGET');

/** Formats one line. Columns have fixed widths, since lines are printed one at a time. */
export function auditRow(entry: AuditEntry | AuditGap): string {
  if (!('verdict' in entry)) return gapRow(entry);
  const { verdict, status, ms, sent, received, method } = entry;
  const row = cells(
    entry.time.replace(/\.\d+Z$/, 'Z'),
    verdict,
    String(status),
    duration(ms),
    size(sent),
    size(received),
    printable(method),
    printable(targetOf(entry)),
  );
  const notes = [entry.reason, entry.secrets?.join(', ')].filter(Boolean).join(': ');
  const text = notes === '' ? row : `${row}  (${printable(notes)})`;
  // Color is added last, since it would break the column widths.
  return text.replace(verdict, paint(COLORS[verdict], verdict, process.stdout));
}

function gapRow({ time, lost }: AuditGap): string {
  return `${time.replace(/\.\d+Z$/, 'Z')}  ${lost} lines were lost here`;
}

function cells(
  time: string,
  verdict: string,
  status: string,
  took: string,
  sent: string,
  received: string,
  method: string,
  target: string,
): string {
  const numbers = [status.padStart(4), took.padStart(6), sent.padStart(6), received.padStart(6)].join('  ');
  return `${time.padEnd(20)}  ${verdict.padEnd(5)}  ${numbers}  ${method.padEnd(7)}  ${target}`;
}

function targetOf({ scheme, host, port, path }: AuditEntry): string {
  const place = path === WITHHELD ? `/${WITHHELD}` : (path ?? '');
  if (host === null) return `no host name${place}`;
  const usual = scheme === 'https' ? 443 : 80;
  const mark = scheme === 'http' ? 'http://' : '';
  return `${mark}${host}${port === null || port === usual ? '' : `:${port}`}${place}`;
}

function duration(ms: number): string {
  if (ms < 10_000) return `${ms}ms`;
  return ms < 600_000 ? `${Math.round(ms / 1000)}s` : `${Math.round(ms / 60_000)}min`;
}

function size(bytes: number): string {
  if (bytes < 10_000) return `${bytes}B`;
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)}kB` : `${Math.round(bytes / 1_000_000)}MB`;
}
