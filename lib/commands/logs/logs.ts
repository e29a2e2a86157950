import { readMetadata } from '../../bottle/metadata.ts';
import { readRecord } from '../../bottle/records.ts';
import { findContainer } from '../../docker/container.ts';
import { BottleError } from '../../errors.ts';
import { bundleName } from '../../plan/names.ts';
import { planSchema } from '../../plan/schema.ts';
import { type LoggedEntry, readEntries } from './read-entries.ts';
import { superviseVerdict } from './supervise-row.ts';

export interface LogsOptions {
  /** Continue as more is written, until the bottle ends. */
  readonly follow: boolean;
  /** Only refusals by policy. */
  readonly denied: boolean;
  /** Milliseconds since the epoch; entries that ended earlier are omitted. */
  readonly since: number | undefined;
  /** How many of the existing lines to show; 0 for all. */
  readonly lines: number;
  readonly signal: AbortSignal;
}

/** A line of an audit, with the text that its daemon wrote, or a notice about the log itself. */
export type LogItem =
  | { readonly kind: 'entry'; readonly text: string; readonly entry: LoggedEntry }
  | { readonly kind: 'notice'; readonly text: string };

type LogEntry = Extract<LogItem, { kind: 'entry' }>;

/** Milliseconds between checks whether a bottle is still running. */
const CHECK_EVERY_MS = 2000;

/**
 * Yields what the bundle let out and refused, oldest first, for a bottle that is running or whose state was kept; of one
 * that was removed, what it asked for.
 * @throws BottleError `state-missing` when there is neither.
 */
export async function* auditLog(slug: string, options: LogsOptions): AsyncGenerator<LogItem> {
  const isRemoved = (await readMetadata(slug)) === undefined;
  if (isRemoved && !(await hasLeftAny(slug, options.signal))) {
    throw new BottleError('state-missing', `no bottle is named ${slug}`, {
      hint: '`make status` lists bottles; the state of one that ended with exit code 0 is not kept.',
    });
  }
  const isRunning = !isRemoved && (await isRunningNow(slug));
  if (isRemoved) yield notice(`the bottle ${slug} was removed; only what it asked for is still on record`);
  else if (!isRunning) yield notice(`the bottle ${slug} is not running; this is the log it left`);
  const isGoingOn = options.follow && isRunning ? throttled(() => isRunningNow(slug)) : async () => false;
  let earlier: LogEntry[] | undefined = [];
  let unreadable = 0;
  for await (const logged of readEntries(slug, { isGoingOn, signal: options.signal })) {
    if (logged === undefined) {
      if (earlier === undefined) continue;
      yield* lastOf(earlier, options.lines);
      if (earlier.length === 0) yield notice(await whyNothing(slug, options, isRunning));
      earlier = undefined;
      continue;
    }
    const { text, entry } = logged;
    if (entry === undefined) unreadable += 1;
    else if (!isWanted(entry, options)) continue;
    else if (earlier === undefined) yield { kind: 'entry', text, entry };
    else if (earlier.push({ kind: 'entry', text, entry }) > 2 * options.lines)
      earlier = lastOf(earlier, options.lines);
  }
  if (earlier !== undefined) yield* lastOf(earlier, options.lines);
  if (unreadable > 0) yield notice(`${unreadable} lines could not be read and were skipped`);
}

/** Whether there is a line of a bottle that no longer exists, in the audit of all bottles. */
async function hasLeftAny(slug: string, signal: AbortSignal): Promise<boolean> {
  for await (const logged of readEntries(slug, { isGoingOn: async () => false, signal })) {
    if (logged?.entry !== undefined) return true;
  }
  return false;
}

const notice = (text: string): LogItem => ({ kind: 'notice', text });

/** Returns the last `lines` entries; all when that is 0. */
function lastOf(entries: LogEntry[], lines: number): LogEntry[] {
  return lines === 0 || entries.length <= lines ? entries : entries.slice(-lines);
}

function isWanted(entry: LoggedEntry, { denied, since }: LogsOptions): boolean {
  if (since !== undefined && Date.parse(entry.time) < since) return false;
  return !denied || verdictOf(entry) === 'deny';
}

/** A gap may stand for a refusal. */
function verdictOf(entry: LoggedEntry): string {
  if ('lost' in entry) return 'deny';
  return 'id' in entry ? superviseVerdict(entry) : entry.verdict;
}

async function isRunningNow(slug: string): Promise<boolean> {
  // Without an engine, nothing is running.
  const container = await findContainer(bundleName(slug)).catch(() => undefined);
  return container?.running === true;
}

function throttled(check: () => Promise<boolean>): () => Promise<boolean> {
  let next = performance.now() + CHECK_EVERY_MS;
  return async () => {
    if (performance.now() < next) return true;
    next = performance.now() + CHECK_EVERY_MS;
    return check();
  };
}

async function whyNothing(
  slug: string,
  { follow, denied, since }: LogsOptions,
  isRunning: boolean,
): Promise<string> {
  const waiting = follow && isRunning ? '; waiting for more' : '';
  if (denied || since !== undefined) return `no matching entries were logged${waiting}`;
  const level = (await readRecord(slug, 'prepare', planSchema))?.data.egress.log ?? 0;
  const what = ['only refusals (egress.log: 0)', 'only refusals and failures (egress.log: 1)', 'everything'];
  return `nothing was logged; this bottle logs ${what[level]}${waiting}`;
}
