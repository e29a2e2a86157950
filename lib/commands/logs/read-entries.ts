import { AUDITS, type AuditGap } from '../../daemons/contract/audit-files.ts';
import { type AuditEntry, auditLine } from '../../daemons/contract/egress/audit.ts';
import { type GitAuditEntry, gitAuditLine } from '../../daemons/contract/git-gate/audit.ts';
import { auditLines, type FollowOptions } from './audit-lines.ts';
import { inOrder } from './in-order.ts';

export type LoggedEntry = AuditEntry | GitAuditEntry | AuditGap;

/** A line of an audit as its daemon wrote it; `entry` is absent where it is no such line. */
export interface LoggedLine {
  readonly text: string;
  readonly entry: LoggedEntry | undefined;
}

const FORMATS = { egress: auditLine, 'git-gate': gitAuditLine } as const;

/**
 * Yields the lines of all audits in a bottle's directory, oldest first; `undefined` when everything written so far has
 * been yielded. Ends as `auditLines` does.
 */
export function readEntries(
  directory: string,
  options: FollowOptions,
): AsyncGenerator<LoggedLine | undefined> {
  const daemons = Object.keys(FORMATS) as (keyof typeof FORMATS)[];
  const sources = daemons.map((daemon) => linesOf(daemon, directory, options));
  return inOrder(sources, ({ entry }) => entry?.time ?? '');
}

async function* linesOf(
  daemon: keyof typeof FORMATS,
  directory: string,
  options: FollowOptions,
): AsyncGenerator<LoggedLine | undefined> {
  for await (const text of auditLines(directory, AUDITS[daemon], options)) {
    yield text === undefined ? undefined : { text, entry: parse(text, daemon) };
  }
}

/** Returns undefined for an invalid line, so that forged lines never reach the terminal. */
function parse(text: string, daemon: keyof typeof FORMATS): LoggedEntry | undefined {
  if (!/^[\x20-\x7e]+$/.test(text)) return undefined;
  try {
    return FORMATS[daemon].safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
