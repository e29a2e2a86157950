import type { AuditGap } from '../../daemons/contract/audit-files.ts';
import { type AuditEntry, WITHHELD } from '../../daemons/contract/egress/audit.ts';
import type { GitAuditEntry } from '../../daemons/contract/git-gate/audit.ts';
import type { SuperviseAuditEntry } from '../../daemons/contract/supervise/audit.ts';
import { printable } from '../../host/printable.ts';
import { paint } from '../../terminal/output.ts';
import { summaryOf } from '../supervise/proposal-text.ts';
import { gitNotes, gitTarget } from './git-row.ts';
import type { LoggedEntry } from './read-entries.ts';
import { superviseNotes, superviseVerdict } from './supervise-row.ts';

const COLORS = { allow: 'green', deny: 'red', fail: 'yellow', asked: 'cyan' } as const;

export const AUDIT_HEAD = cells('TIME', 'WHAT', 'CODE', 'TOOK', 'SENT', 'GOT', 'METHOD', 'TARGET');

/** Formats one line. Columns have fixed widths, since lines are printed one at a time. */
export function auditRow(entry: LoggedEntry): string {
  if ('lost' in entry) return gapRow(entry);
  const { verdict, status, took, sent, received, method, target, notes } = columnsOf(entry);
  const row = cells(
    entry.time.replace(/\.\d+Z$/, 'Z'),
    ...([verdict, status, took, sent, received] as const),
    printable(method),
    printable(target),
  );
  const text = notes === '' ? row : `${row}  (${printable(notes)})`;
  // Color is added last, since it would break the column widths.
  return text.replace(verdict, paint(COLORS[verdict], verdict, process.stdout));
}

/** What differs between the audits. */
type Columns = Record<'status' | 'took' | 'sent' | 'received' | 'method' | 'target' | 'notes', string> & {
  readonly verdict: keyof typeof COLORS;
};

function columnsOf(entry: Exclude<LoggedEntry, AuditGap>): Columns {
  if ('id' in entry) return superviseColumns(entry);
  return 'event' in entry ? gitColumns(entry) : requestColumns(entry);
}

function superviseColumns(entry: SuperviseAuditEntry): Columns {
  const took = entry.event === 'proposed' ? '-' : duration(entry.waited);
  const { kind } = entry.request;
  return {
    ...{ verdict: superviseVerdict(entry), status: 'ask', took, sent: '-', received: '-', method: kind },
    ...{ target: `${entry.id} ${summaryOf(entry.request)}`, notes: superviseNotes(entry) },
  };
}

/** What egress and git gate have in common. */
function transferColumns({ verdict, ms, sent, received }: AuditEntry | GitAuditEntry) {
  return { verdict, took: duration(ms), sent: size(sent), received: size(received) };
}

function gitColumns(entry: GitAuditEntry): Columns {
  return {
    ...transferColumns(entry),
    status: 'git',
    method: entry.event,
    target: gitTarget(entry),
    notes: gitNotes(entry),
  };
}

function requestColumns(entry: AuditEntry): Columns {
  const found = [entry.reason, entry.secrets?.join(', ')].filter(Boolean).join(': ');
  const notes = [found, ...heldText(entry)].join('; ');
  return {
    ...transferColumns(entry),
    status: String(entry.status),
    method: entry.method,
    target: targetOf(entry),
    notes,
  };
}

/** What became of the question whether it may leave. */
function heldText({ held }: AuditEntry): string[] {
  if (held === undefined) return [];
  const { outcome, proposal, ms } = held;
  const waited = ms === 0 ? '' : ` after ${duration(ms)}`;
  return [`${outcome}${proposal === null ? '' : ` by ${proposal}`}${waited}`];
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

export function targetOf({ scheme, host, port, path }: AuditEntry): string {
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

function size(bytes: number | null): string {
  if (bytes === null) return '-';
  if (bytes < 10_000) return `${bytes}B`;
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)}kB` : `${Math.round(bytes / 1_000_000)}MB`;
}
