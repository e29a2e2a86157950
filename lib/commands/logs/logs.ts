import { readMetadata } from '../../bottle/metadata.ts';
import { bottlePaths } from '../../bottle/paths.ts';
import { readRecord } from '../../bottle/records.ts';
import { auditLine } from '../../daemons/contract/egress/audit.ts';
import { findContainer } from '../../docker/container.ts';
import { BottleError } from '../../errors.ts';
import { bundleName } from '../../plan/names.ts';
import { planSchema } from '../../plan/schema.ts';
import { line } from '../../terminal/output.ts';
import { auditLines } from './audit-lines.ts';
import { AUDIT_HEAD, auditRow, gapRow } from './audit-row.ts';

export interface LogsOptions {
  /** Goes on as there is more, until the bottle ends. */
  readonly follow: boolean;
  /** The lines as egress wrote them. */
  readonly json: boolean;
  /** What policy refused alone. */
  readonly denied: boolean;
  /** Milliseconds since the epoch; what ended earlier is left out. */
  readonly since: number | undefined;
  /** How many of the lines that are there already; 0 for all. */
  readonly lines: number;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks whether a bottle still runs. */
const ASK_EVERY_MS = 2000;

/**
 * Prints on stdout what egress let out and refused, of a bottle that runs or whose state is kept.
 * @throws BottleError `state-missing` when there is no such bottle.
 */
export async function printLogs(slug: string, options: LogsOptions): Promise<void> {
  if ((await readMetadata(slug)) === undefined) {
    throw new BottleError('state-missing', `there is no bottle ${slug}`, {
      hint: '`make status` lists bottles; the state of one that ended well is not kept.',
    });
  }
  const isRunning = await isRunningNow(slug);
  if (!isRunning) line(`the bottle ${slug} does not run; this is what it left`);
  const printer = new Printer(options);
  const isGoingOn = options.follow && isRunning ? askedAtTimes(() => isRunningNow(slug)) : async () => false;
  for await (const text of auditLines(bottlePaths.audit(slug), { isGoingOn, signal: options.signal })) {
    if (text !== undefined) printer.take(text);
    else if (printer.catchUp() && printer.printed === 0) line(await whyNothing(slug, options, isRunning));
    // Whoever reads along has gone.
    if (!process.stdout.writable) break;
  }
  if (printer.unreadable > 0) line(`${printer.unreadable} lines cannot be read and were left out`);
}

/** Takes lines one by one; of those that were there at first it prints the last ones. */
class Printer {
  readonly #options: LogsOptions;
  #earlier: string[] | undefined = [];
  printed = 0;
  unreadable = 0;

  constructor(options: LogsOptions) {
    this.#options = options;
  }

  take(text: string): void {
    const shown = this.#shown(text);
    if (shown === undefined) return;
    if (this.#earlier === undefined) this.#print(shown);
    else if (this.#earlier.push(shown) > 2 * this.#options.lines) this.#forget();
  }

  /** Prints what was there; @returns whether this was the first time. */
  catchUp(): boolean {
    if (this.#earlier === undefined) return false;
    this.#forget();
    for (const text of this.#earlier) this.#print(text);
    this.#earlier = undefined;
    return true;
  }

  #forget(): void {
    if (this.#options.lines > 0) this.#earlier = this.#earlier?.slice(-this.#options.lines);
  }

  #print(text: string): void {
    if (this.printed === 0 && !this.#options.json) process.stdout.write(`${AUDIT_HEAD}\n`);
    this.printed += 1;
    process.stdout.write(`${text}\n`);
  }

  /** `undefined` for what is not asked for, or is no line of the audit: whoever could forge one prints nothing here. */
  #shown(text: string): string | undefined {
    const entry = parse(text);
    if (entry === undefined) {
      this.unreadable += 1;
      return undefined;
    }
    const { json, denied, since } = this.#options;
    if (since !== undefined && Date.parse(entry.time) < since) return undefined;
    if (denied && 'verdict' in entry && entry.verdict !== 'deny') return undefined;
    if (json) return text;
    return 'verdict' in entry ? auditRow(entry) : gapRow(entry);
  }
}

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
