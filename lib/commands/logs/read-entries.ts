import type * as z from 'zod';
import { bottlePaths } from '../../bottle/paths.ts';
import {
  AUDITS,
  type AuditFiles,
  type AuditGap,
  SUPERVISE_AUDIT,
} from '../../daemons/contract/audit-files.ts';
import { type AuditEntry, auditLine } from '../../daemons/contract/egress/audit.ts';
import { type GitAuditEntry, gitAuditLine } from '../../daemons/contract/git-gate/audit.ts';
import { type SuperviseAuditEntry, superviseAuditLine } from '../../daemons/contract/supervise/audit.ts';
import { auditDirectory } from '../../host/directories.ts';
import { auditLines, type FollowOptions } from './audit-lines.ts';
import { inOrder } from './in-order.ts';

export type LoggedEntry = AuditEntry | GitAuditEntry | SuperviseAuditEntry | AuditGap;

/** A line of an audit as its daemon wrote it; `entry` is absent where it is no such line. */
export interface LoggedLine {
  readonly text: string;
  readonly entry: LoggedEntry | undefined;
}

/** An audit, and where it is. */
interface AuditSource {
  readonly directory: string;
  readonly files: AuditFiles;
  readonly format: z.ZodType<LoggedEntry>;
}

function sourcesOf(bottle: string): AuditSource[] {
  const directory = bottlePaths.audit(bottle);
  return [
    { directory, files: AUDITS.egress, format: auditLine },
    { directory, files: AUDITS['git-gate'], format: gitAuditLine },
    { directory: auditDirectory(), files: SUPERVISE_AUDIT, format: superviseAuditLine },
  ];
}

/**
 * Yields the lines of all audits about a bottle, oldest first; `undefined` when everything written so far has been
 * yielded. Ends as `auditLines` does.
 */
export function readEntries(bottle: string, options: FollowOptions): AsyncGenerator<LoggedLine | undefined> {
  const sources = sourcesOf(bottle).map((source) => linesOf(bottle, source, options));
  return inOrder(sources, ({ entry }) => entry?.time ?? '');
}

async function* linesOf(
  bottle: string,
  { directory, files, format }: AuditSource,
  options: FollowOptions,
): AsyncGenerator<LoggedLine | undefined> {
  for await (const text of auditLines(directory, files, options)) {
    const entry = text === undefined ? undefined : parse(text, format);
    // The audit of proposals is that of all bottles.
    if (files === SUPERVISE_AUDIT && entry !== undefined && entry.bottle !== bottle) continue;
    yield text === undefined ? undefined : { text, entry };
  }
}

/** Returns undefined for an invalid line, so that forged lines never reach the terminal. */
function parse(text: string, format: z.ZodType<LoggedEntry>): LoggedEntry | undefined {
  if (!/^[\x20-\x7e]+$/.test(text)) return undefined;
  try {
    return format.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
