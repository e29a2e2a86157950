import { readMetadata } from '../../bottle/metadata.ts';
import { bottlePaths } from '../../bottle/paths.ts';
import { readRecord } from '../../bottle/records.ts';
import { type AuditEntry, type AuditGap, auditLine } from '../../daemons/contract/egress/audit.ts';
import { findContainer } from '../../docker/container.ts';
import { BottleError } from '../../errors.ts';
import { bundleName } from '../../plan/names.ts';
import { planSchema } from '../../plan/schema.ts';
import { auditLines } from './audit-lines.ts';

export interface LogsOptions {
  /** Keeps going as more is written, until the bottle ends. */
  readonly follow: boolean;
  /** Refusals by policy only. */
  readonly denied: boolean;
  /** Milliseconds since the epoch; what ended earlier is left out. */
  readonly since: number | undefined;
  /** How many of the lines that exist at the start; 0 for all. */
  readonly lines: number;
  readonly signal: AbortSignal;
}

/** A line of the audit, with the text as egress wrote it; or a remark for people about the log itself. */
export type LogItem =
  | { readonly kind: 'entry'; readonly text: string; readonly entry: AuditEntry | AuditGap }
  | { readonly kind: 'notice'; readonly text: string };

type LogEntry = Extract<LogItem, { kind: 'entry' }>;

/** Milliseconds between two checks whether a bottle still runs. */
const ASK_EVERY_MS = 2000;

/**
 * What egress let out and refused, oldest first, for a bottle that runs or whose state is kept.
 * @throws BottleError `state-missing` when there is no such bottle.
 */
export async function* auditLog(slug: string, options: LogsOptions): AsyncGenerator<LogItem> {
  if ((await readMetadata(slug)) === undefined) {
    throw new BottleError('state-missing', `there is no bottle ${slug}`, {
      hint: '`make status` lists bottles; the state of one that ended well is not kept.',
    });
  }
  const isRunning = await isRunningNow(slug);
  if (!isRunning) yield notice(`the bottle ${slug} does not run; this is what it left`);
  const isGoingOn = options.follow && isRunning ? askedAtTimes(() => isRunningNow(slug)) : async () => false;
  let earlier: LogEntry[] | undefined = [];
  let unreadable = 0;
  for await (const text of auditLines(bottlePaths.audit(slug), { isGoingOn, signal: options.signal })) {
    if (text === undefined) {
      if (earlier === undefined) continue;
      yield* lastOf(earlier, options.lines);
      if (earlier.length === 0) yield notice(await whyNothing(slug, options, isRunning));
      earlier = undefined;
      continue;
    }
    const entry = parse(text);
    if (entry === undefined) unreadable += 1;
    else if (!isWanted(entry, options)) continue;
    else if (earlier === undefined) yield { kind: 'entry', text, entry };
    else if (earlier.push({ kind: 'entry', text, entry }) > 2 * options.lines)
      earlier = lastOf(earlier, options.lines);
  }
  if (earlier !== undefined) yield* lastOf(earlier, options.lines);
  if (unreadable > 0) yield notice(`${unreadable} lines cannot be read and were left out`);
}

const notice = (text: string): LogItem => ({ kind: 'notice', text });

/** The last `lines` of them; all when that is 0. */
function lastOf(entries: LogEntry[], lines: number): LogEntry[] {
  return lines === 0 || entries.length <= lines ? entries : entries.slice(-lines);
}

function isWanted(entry: AuditEntry | AuditGap, { denied, since }: LogsOptions): boolean {
  if (since !== undefined && Date.parse(entry.time) < since) return false;
  return !denied || !('verdict' in entry) || entry.verdict === 'deny';
}

/** `undefined` for what is not a line of the audit: whoever could forge one gets nothing onto the terminal. */
function parse(text: string) {
  if (!/^[\x20-\x7e]+$/.test(text)) return undefined;
  try {
    return auditLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function isRunningNow(slug: string): Promise<boolean> {
  // Without an engine nothing runs.
  const container = await findContainer(bundleName(slug)).catch(() => undefined);
  return container?.running === true;
}

function askedAtTimes(ask: () => Promise<boolean>): () => Promise<boolean> {
  let next = performance.now() + ASK_EVERY_MS;
  return async () => {
    if (performance.now() < next) return true;
    next = performance.now() + ASK_EVERY_MS;
    return ask();
  };
}

async function whyNothing(
  slug: string,
  { follow, denied, since }: LogsOptions,
  isRunning: boolean,
): Promise<string> {
  const waiting = follow && isRunning ? '; waiting for more' : '';
  if (denied || since !== undefined) return `nothing like that was written down${waiting}`;
  const level = (await readRecord(slug, 'prepare', planSchema))?.data.egress.log ?? 0;
  const what = [
    'refusals alone are (egress.log: 0)',
    'refusals and failures alone are (egress.log: 1)',
    'all is',
  ];
  return `nothing was written down; in this bottle ${what[level]}${waiting}`;
}
